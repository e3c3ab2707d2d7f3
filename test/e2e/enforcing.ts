// Holds a Bailiwick with one enforcer, one system and one agent: what every test of the AuthZEN surface starts from.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import type { IncomingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import { SignJWT, type JWTPayload } from 'jose'
import { request } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from './bailiwick.ts'

/** The worker may echo, except for secrets; texts that begin with `hold` are for a person to look at. */
const POLICIES = `
@id("workers") @without("task") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/work"], resource);
@id("no-secrets") @reason("secrets are not echoed")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource) when { context.input.text like "*secret*" };
@id("echo-is-looked-at") @gate("operator")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource) when { context.input.text like "hold*" };
`

/** What a decision says besides yes or no, as far as tests look at it. */
export interface DecidedContext {
  readonly id?: string
  readonly code?: string
  readonly reason_user?: { readonly en: string }
  readonly grant?: { readonly token: string }
  readonly approval?: { readonly id: string; readonly url: string }
  readonly error?: { readonly status: number; readonly message: string }
}

/** A decision. */
export interface Decided {
  readonly decision: boolean
  readonly context?: DecidedContext
}

/** An answer over HTTP. */
export interface Heard {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly json: unknown
}

/** What stands in an assertion besides the name. */
export interface Claims extends JWTPayload {
  readonly alg?: string
  readonly typ?: string
}

/** The surface as an enforcer named `pep` uses it. Leaving its scope ends Bailiwick. */
export class Enforcing implements AsyncDisposable {
  readonly bailiwick: Bailiwick
  readonly worker: Holder
  readonly key: KeyObject

  private constructor(bailiwick: Bailiwick, worker: Holder, key: KeyObject) {
    this.bailiwick = bailiwick
    this.worker = worker
    this.key = key
  }

  static async start(): Promise<Enforcing> {
    // Tests deny far more within a minute than an agent may have denied.
    const bailiwick = await Bailiwick.start({ BAILIWICK_BREAKER_DENIALS: '0' })
    try {
      const [journal, tap] = [join(bailiwick.home, 'journal'), join(bailiwick.home, 'tap')]
      writeFileSync(journal, '')
      await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal, tap))
      await bailiwick.apply(POLICIES)
      await bailiwick.agent('worker', ['worker'])
      const worker = await bailiwick.enrol('worker')
      return new Enforcing(bailiwick, worker, await register(bailiwick, 'pep', 'probe'))
    } catch (error) {
      await bailiwick[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Id of the instance that acts. */
  get instance(): string {
    return this.worker.identity.spiffeId.split('/').at(-1)!
  }

  /** Identifier of the decision point. */
  get base(): string {
    return `http://bailiwick.localhost:${this.bailiwick.controlPort}`
  }

  /** Registers another enforcer, and answers with its key. */
  register(name: string, system: string): Promise<KeyObject> {
    return register(this.bailiwick, name, system)
  }

  /** An assertion; what is not said is right. */
  assertion(claims: Claims = {}, key: KeyObject = this.key): Promise<string> {
    const { alg = 'EdDSA', typ = 'JWT', ...more } = claims
    const now = Math.floor(Date.now() / 1000)
    const usual = { iss: 'pep', sub: 'pep', aud: this.base, iat: now, exp: now + 120 }
    return new SignJWT({ ...usual, ...more }).setProtectedHeader({ alg, typ }).sign(key)
  }

  /** Asks; a body that is no text is sent as JSON, without one it is a GET. */
  async ask(
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Heard> {
    // `fetch` would not let the Host header be set.
    const response = await request(`http://127.0.0.1:${this.bailiwick.controlPort}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        host: `bailiwick.localhost:${this.bailiwick.controlPort}`,
        'content-type': 'application/json',
        authorization: `Bearer ${await this.assertion()}`,
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const json = await response.body.json()
    return { status: response.statusCode, headers: response.headers, json }
  }

  /** May the instance echo this? */
  question(text: string, more: object = {}) {
    return {
      subject: { type: 'instance', id: this.instance },
      action: { name: 'echo', properties: { text } },
      resource: { type: 'system', id: 'probe' },
      ...more,
    }
  }

  /** The decision about one question, which has to be one. */
  async decide(body: object): Promise<Decided> {
    const { status, json } = await this.ask('/access/v1/evaluation', body)
    assert.equal(status, 200, JSON.stringify(json))
    return json as Decided
  }

  /** The decisions about many. */
  async decideAll(body: object): Promise<readonly Decided[]> {
    const { status, json } = await this.ask('/access/v1/evaluations', body)
    assert.equal(status, 200, JSON.stringify(json))
    return (json as { evaluations: Decided[] }).evaluations
  }

  /** A grant for echoing a text. */
  async grant(text: string): Promise<string> {
    const { context } = await this.decide(this.question(text))
    assert.ok(context?.grant !== undefined, `${text}: ${context?.code}`)
    return context.grant.token
  }

  /** Burns a grant. */
  burn(grant: string, headers: Readonly<Record<string, string>> = {}): Promise<Heard> {
    return this.ask('/access/v1/grants/burn', { grant }, headers)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bailiwick[Symbol.asyncDispose]()
  }
}

async function register(bailiwick: Bailiwick, name: string, system: string): Promise<KeyObject> {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const file = join(bailiwick.home, `${name}.pem`)
  writeFileSync(file, publicKey.export({ type: 'spki', format: 'pem' }))
  const words = ['enforcer', 'add', name, '--system', system, '--public-key', file]
  const added = await bailiwick.cli([...words, '--reason', 'a test', '-o', 'json'])
  assert.equal(added.code, 0, added.stderr)
  return privateKey
}

/** The stable code of a refusal. */
export function codeOf({ json }: Heard): string {
  return (json as { code: string }).code
}
