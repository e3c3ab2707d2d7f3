// Holds an issuer of workload tokens: discovery and keys over real HTTP, tokens signed by jose.

import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT, type JWK, type JWTPayload } from 'jose'

/** A key that signs. */
export interface IssuerKey {
  readonly kid: string
  readonly alg: string
  readonly privateKey: CryptoKey
  readonly jwk: JWK
}

/** An issuer on a free port of this machine. */
export class FakeIssuer implements AsyncDisposable {
  readonly url: string
  /** Keys that it shows. */
  readonly keys: IssuerKey[] = []
  /** Paths that were asked for, in order. */
  readonly asked: string[] = []
  /** Members of the discovery document in place of the right ones. */
  discovery: Readonly<Record<string, unknown>> = {}
  /** False answers every request with 503. */
  up = true
  readonly #close: () => Promise<void>
  #events = 0

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url
    this.#close = close
  }

  static async open(algorithms: readonly string[] = ['ES256']): Promise<FakeIssuer> {
    const server = createServer((request, response) => {
      const path = request.url ?? ''
      issuer.asked.push(path)
      const document = issuer.#document(path)
      response.writeHead(issuer.up && document !== undefined ? 200 : 503, {
        'content-type': 'application/json',
      })
      response.end(JSON.stringify(document ?? {}))
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const issuer = new FakeIssuer(url, async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    })
    for (const alg of algorithms) await issuer.addKey(alg)
    return issuer
  }

  /** Makes a key and shows it. */
  async addKey(alg: string, kid = `key-${this.keys.length + 1}`): Promise<IssuerKey> {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const jwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
    const key = { kid, alg, privateKey, jwk }
    this.keys.push(key)
    return key
  }

  /** A token as a CI job gets it at `now` (ms); what is given replaces what is there, undefined takes it away. */
  async token(
    now: number,
    claims: Readonly<Record<string, unknown>> = {},
    header: Readonly<Record<string, unknown>> = {},
    key: IssuerKey = this.keys[0]!,
  ): Promise<string> {
    const seconds = Math.floor(now / 1000)
    const payload = {
      iss: this.url,
      aud: 'bailiwick',
      sub: 'repo:acme/shop:ref:refs/heads/main',
      repository: 'acme/shop',
      ref: 'refs/heads/main',
      iat: seconds,
      exp: seconds + 300,
      ...claims,
    }
    const whole = Object.entries(payload).filter(([, value]) => value !== undefined)
    return new SignJWT(Object.fromEntries(whole) as JWTPayload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(key.privateKey)
  }

  /** A security event token at `now` (ms); what is given replaces what is there, undefined takes it away. */
  async event(
    now: number,
    claims: Readonly<Record<string, unknown>>,
    header: Readonly<Record<string, unknown>> = {},
    key: IssuerKey = this.keys[0]!,
  ): Promise<string> {
    const payload = {
      iss: this.url,
      aud: 'bailiwick',
      iat: Math.floor(now / 1000),
      jti: `jti-${(this.#events += 1)}`,
      ...claims,
    }
    const whole = Object.entries(payload).filter(([, value]) => value !== undefined)
    return new SignJWT(Object.fromEntries(whole) as JWTPayload)
      .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: 'secevent+jwt', ...header })
      .sign(key.privateKey)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#close()
  }

  #document(path: string): unknown {
    if (path.startsWith('/.well-known/ssf-configuration')) {
      const issuer = `${this.url}${path.slice('/.well-known/ssf-configuration'.length)}`
      return { issuer, jwks_uri: `${this.url}/keys`, ...this.discovery }
    }
    if (path === '/.well-known/openid-configuration') {
      return { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.discovery }
    }
    return path === '/keys' ? { keys: this.keys.map(({ jwk }) => jwk) } : undefined
  }
}
