// Holds the client of OpenBao or HashiCorp Vault: signing in, reading a path, giving a lease back; their HTTP API, version 1.

import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Timer } from '../../std/timer.ts'
import type { Clock } from '../../std/clock.ts'
import { guardedFetch } from '../../gateway/net/fetch.ts'
import type { Network } from '../../gateway/net/network.ts'
import { credentialFault } from './faults.ts'

/** Bytes of an answer. */
const MOST_ANSWER = 1_048_576
/** How long before its end a sign-in is no longer used (ms). */
const AHEAD_MS = 10_000

/** How we sign in. */
export type VaultLogin =
  | {
      readonly kind: 'approle'
      readonly mount: string
      readonly roleId: string
      readonly secretIdFile: string
    }
  /** With a JWT-SVID of this gateway. */
  | {
      readonly kind: 'jwt'
      readonly mount: string
      readonly role: string
      readonly audience: string
    }

/** Where the vault is, and who we are there. */
export interface VaultSettings {
  /** Without `/v1`. */
  readonly url: string
  readonly namespace?: string
  /** True where it may have a private address. */
  readonly private: boolean
  readonly login: VaultLogin
}

/** What the client needs. */
export interface VaultPorts {
  readonly network: Network
  readonly clock: Clock
  readonly timer: Timer
  /** A JWT-SVID of this gateway for an audience. */
  readonly jwtSvid: (audience: string) => string
}

/** What a path held. */
export interface VaultAnswer {
  readonly data: Readonly<Record<string, unknown>>
  /** Version of a KV version 2 secret. */
  readonly version?: number
  /** Present for what was minted by this very request. */
  readonly lease?: { readonly id: string; readonly lifeMs: number }
}

const Read = z.object({
  lease_id: z.string().max(512).default(''),
  lease_duration: z.number().int().min(0).default(0),
  data: z.record(z.string(), z.unknown()),
})
/** KV version 2: the data within the data, and what is known of the version. */
const Versioned = z.object({
  data: z.record(z.string(), z.unknown()),
  metadata: z.object({ version: z.number().int().min(1) }),
})
const SignedIn = z.object({
  auth: z.object({
    client_token: z.string().regex(/^[\x21-\x7e]{1,4096}$/),
    lease_duration: z.number().int().min(0),
  }),
})

/** The client. Signs in when it first has to, and again before that ends; one sign-in at a time. */
export class VaultClient {
  readonly #settings: VaultSettings
  readonly #ports: VaultPorts
  #token: { readonly text: string; readonly until: number } | undefined
  #login: Promise<string> | undefined

  constructor(settings: VaultSettings, ports: VaultPorts) {
    this.#settings = settings
    this.#ports = ports
  }

  /** Reads a path. Rejects with `credential.source`, or `net.*`. */
  async read(path: string): Promise<VaultAnswer> {
    let answer = await this.#send('GET', path, await this.#signedIn())
    if (answer.status === 403) {
      // A sign-in that was taken back ends earlier than it said. Once more, and no further.
      this.#token = undefined
      answer = await this.#send('GET', path, await this.#signedIn())
    }
    const read = Read.safeParse(answer.status === 200 ? answer.body : undefined)
    if (!read.success) throw this.#refused(`read ${path}`, answer.status)
    const { data, lease_id: id, lease_duration: seconds } = read.data
    const versioned = Versioned.safeParse(data)
    if (versioned.success) {
      return { data: versioned.data.data, version: versioned.data.metadata.version }
    }
    return { data, ...(id !== '' && { lease: { id, lifeMs: seconds * 1_000 } }) }
  }

  /** Gives a lease back; what it minted is worth nothing afterwards. Never rejects. */
  async revoke(lease: string): Promise<boolean> {
    try {
      const token = await this.#signedIn()
      const { status } = await this.#send('PUT', 'sys/leases/revoke', token, { lease_id: lease })
      return status === 200 || status === 204
    } catch {
      // It ends by itself, too: that is what leases are.
      return false
    }
  }

  /** Gives the sign-in back. Never rejects. */
  async close(): Promise<void> {
    const token = this.#token
    this.#token = undefined
    if (token === undefined) return
    try {
      await this.#send('POST', 'auth/token/revoke-self', token.text)
    } catch {
      // It ends by itself.
    }
  }

  #signedIn(): Promise<string> {
    const token = this.#token
    if (token !== undefined && this.#ports.clock.monotonic() < token.until) {
      return Promise.resolve(token.text)
    }
    this.#login ??= this.#signIn().finally(() => (this.#login = undefined))
    return this.#login
  }

  async #signIn(): Promise<string> {
    const { login } = this.#settings
    const { status, body } = await this.#send(
      'POST',
      `auth/${login.mount}/login`,
      undefined,
      this.#proof(),
    )
    const read = SignedIn.safeParse(status === 200 ? body : undefined)
    if (!read.success) throw this.#refused('sign in', status)
    const { client_token: text, lease_duration: seconds } = read.data.auth
    // 0: it does not end.
    const life = seconds === 0 ? 3_600_000 : seconds * 1_000
    const until = this.#ports.clock.monotonic() + Math.max(life - AHEAD_MS, life / 2)
    this.#token = { text, until }
    return text
  }

  #proof(): Readonly<Record<string, string>> {
    const { login } = this.#settings
    if (login.kind === 'jwt') return { role: login.role, jwt: this.#ports.jwtSvid(login.audience) }
    let secret: string
    try {
      secret = readFileSync(login.secretIdFile, 'utf8').trim()
    } catch (cause) {
      throw credentialFault(
        'credential.source',
        'the file of the AppRole secret id cannot be read',
        cause,
      )
    }
    return { role_id: login.roleId, secret_id: secret }
  }

  async #send(
    method: string,
    path: string,
    token: string | undefined,
    tree?: Readonly<Record<string, string>>,
  ): Promise<{ readonly status: number; readonly body: unknown }> {
    const { url, namespace, private: near } = this.#settings
    const { network, timer } = this.#ports
    const { status, bytes } = await guardedFetch(network, `${url}/v1/${path}`, {
      timer,
      reach: near ? { private: true } : {},
      method,
      headers: {
        accept: 'application/json',
        'x-vault-request': 'true',
        ...(token !== undefined && { 'x-vault-token': token }),
        ...(namespace !== undefined && { 'x-vault-namespace': namespace }),
        ...(tree !== undefined && { 'content-type': 'application/json' }),
      },
      ...(tree !== undefined && { body: JSON.stringify(tree) }),
      maxBytes: MOST_ANSWER,
    })
    return { status, body: jsonOf(bytes) }
  }

  /** What it answered may hold what it was asked for, so nothing of it is repeated. */
  #refused(what: string, status: number) {
    return credentialFault('credential.source', `the vault would not ${what} (status ${status})`)
  }
}

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    // The status says what there is to say.
    return undefined
  }
}
