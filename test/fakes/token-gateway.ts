// Holds a gateway that listens without TLS, as clients with tokens meet it: real listener, proofs and checks, tokens made up.

import { randomUUID } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose'
import { audienceFits, unbound } from '../../src/authority/tokens/check.ts'
import { listenPlainGateway, type GatewayListener } from '../../src/gateway/listener.ts'
import { openGateway, type Gateway } from '../../src/gateway/open.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import type { Actor } from '../../src/wire/actor.ts'
import { accessTokenHash } from '../../src/wire/dpop.ts'
import { systemNamed } from './authority.ts'
import { actor, FakePorts } from './ports.ts'

/** URL of the authorization server that the gateway names. */
export const ISSUER = 'https://127.0.0.1:7402'

/** A key that makes proofs. */
export interface Prover {
  readonly privateKey: CryptoKey
  readonly jwk: JWK
  readonly jkt: string
}

/** A new key on P-256. */
export async function prover(): Promise<Prover> {
  const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(publicKey)
  return { privateKey, jwk, jkt: await calculateJwkThumbprint(jwk) }
}

/** What of a proof a test gets wrong. */
export interface ProofParts {
  readonly htm?: string
  readonly htu?: string
  readonly iat?: number
  readonly jti?: string
  readonly ath?: string
  readonly nonce?: string | null
  readonly typ?: string
  readonly jwk?: JWK
}

/** A token that the gateway knows. */
interface Known {
  readonly actor: Actor
  readonly audience: readonly string[]
  readonly binding?: { readonly kind: 'dpop' | 'mtls'; readonly value: string }
}

/** An answer as a test looks at it. */
export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly challenges: readonly string[]
  readonly text: string
  readonly json: Record<string, unknown>
}

/** What a request is sent with; headers as raw pairs, so that one may come twice. */
export interface Asked {
  readonly method?: string
  readonly path?: string
  readonly headers?: readonly (readonly [string, string])[]
  readonly body?: string
}

/** A gateway with one system, `files`. */
export class TokenGateway implements AsyncDisposable {
  readonly fake = new FakePorts()
  readonly tokens = new Map<string, Known>()
  readonly #home = mkdtempSync(join(tmpdir(), 'bailiwick-token-gateway-'))
  readonly #gateway: Gateway
  #listener: GatewayListener | undefined
  unboundAllowed = false
  /** The nonce that was heard last. */
  nonce = ''

  private constructor() {
    this.fake.systems.set('files', systemNamed('files'))
    this.fake.systems.set('mail', systemNamed('mail'))
    const { ports } = this.fake
    this.#gateway = openGateway({
      ports: {
        ...ports,
        identities: {
          ...ports.identities,
          actorOf: (shown) => {
            const known = this.tokens.get(shown.token?.text ?? '')
            const refused = { refused: true, error: 'invalid_token' } as const
            if (known === undefined) return { ...refused, code: 'token.unknown', detail: 'unknown' }
            if (!audienceFits(known.audience, shown)) {
              return { ...refused, code: 'token.audience', detail: 'not meant for this resource' }
            }
            return unbound(known, shown, this.unboundAllowed) ?? known.actor
          },
        },
      },
      home: this.#home,
      environment: {},
    })
  }

  static async open(unboundAllowed = false): Promise<TokenGateway> {
    const made = new TokenGateway()
    made.unboundAllowed = unboundAllowed
    const { egress, endpoint, entry: ports, hooks, http } = made.#gateway
    made.#listener = await listenPlainGateway({
      host: '127.0.0.1',
      port: 0,
      egress,
      endpoint,
      hooks,
      http,
      ports,
      entropy: systemEntropy,
      issuer: () => ISSUER,
      unbound: unboundAllowed,
    })
    return made
  }

  get port(): number {
    return this.#listener?.port ?? 0
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`
  }

  /** Makes a token known. */
  issue(text: string, of: Partial<Known> & { readonly key?: Prover } = {}): string {
    const { key, ...known } = of
    this.tokens.set(text, {
      actor: tokenActor(text),
      audience: [`${this.url}/mcp`],
      ...(key !== undefined && { binding: { kind: 'dpop', value: key.jkt } }),
      ...known,
    })
    return text
  }

  /** A proof for a POST to `files` with a token, right unless a part says otherwise. */
  proof(key: Prover, token: string, parts: ProofParts = {}): Promise<string> {
    const { htm = 'POST', htu = `${this.url}/mcp/files`, jti = randomUUID() } = parts
    const nonce = parts.nonce === undefined ? this.nonce : parts.nonce
    const claims = { htm, htu, jti, ath: parts.ath ?? accessTokenHash(token) }
    return new SignJWT({ ...claims, ...(nonce !== null && { nonce }) })
      .setProtectedHeader({
        alg: 'ES256',
        typ: parts.typ ?? 'dpop+jwt',
        jwk: parts.jwk ?? key.jwk,
      })
      .setIssuedAt(parts.iat ?? Math.floor(Date.now() / 1000))
      .sign(key.privateKey)
  }

  /** Hears a nonce, as the first refusal tells it. */
  async hear(): Promise<string> {
    const { headers } = await this.ask({})
    this.nonce = String(headers['dpop-nonce'])
    return this.nonce
  }

  /** Lists the tools of `files` with a token and a proof. */
  async list(key: Prover, token: string, parts: ProofParts = {}): Promise<Answered> {
    const dpop = await this.proof(key, token, parts)
    return this.ask({
      headers: [
        ['authorization', `DPoP ${token}`],
        ['dpop', dpop],
      ],
    })
  }

  /** Sends one request; a `tools/list` to `files` unless it says otherwise. */
  ask({ method = 'POST', path = '/mcp/files', headers = [], body }: Asked): Promise<Answered> {
    const text = body ?? '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{}}'
    const names = new Set(headers.map(([name]) => name.toLowerCase()))
    const all = [
      ...(names.has('host') ? [] : [['host', `127.0.0.1:${this.port}`] as const]),
      ['content-type', 'application/json'] as const,
      ['accept', 'application/json, text/event-stream'] as const,
      ...(method === 'POST' ? [['content-length', `${Buffer.byteLength(text)}`] as const] : []),
      ...headers,
    ]
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: this.port, method, path, headers: all.flat() }
      const request = httpRequest(options, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const answer = Buffer.concat(chunks).toString('utf8')
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            challenges: response.headersDistinct['www-authenticate'] ?? [],
            text: answer,
            json: answer === '' ? {} : (JSON.parse(answer) as Record<string, unknown>),
          })
        })
      })
      request.on('error', reject)
      request.end(method === 'POST' ? text : undefined)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close()
    await this.#gateway.close()
    rmSync(this.#home, { recursive: true, force: true })
  }
}

/** An actor by a token. */
export function tokenActor(id: string, more: Partial<Actor> = {}): Actor {
  const credential = { kind: 'token', id, binding: 'dpop', ends: Date.now() + 600_000 } as const
  return { ...actor(id), credential, ...more }
}
