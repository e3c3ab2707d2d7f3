// Holds the holder of an identity: it makes its own keys in memory, enrols, renews in time, and says when it is over.

import { X509Certificate } from 'node:crypto'
import type { Agent, Dispatcher } from 'undici'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import type { Json } from '../../std/json.ts'
import { readPem } from '../../std/pem.ts'
import type { Timer } from '../../std/timer.ts'
import { parseIssuedIdentity, parseJoinToken, type IssuedIdentity } from '../../wire/identity.ts'
import { post } from '../../server/holder/ask.ts'
import type { Ask, Evidence } from './evidence.ts'
import {
  connectOptions,
  pool,
  type ClientCredential,
  type ConnectOptions,
} from '../../server/holder/connection.ts'
import { fault } from '../../server/holder/faults.ts'
import { address, pinnedAuthority, type PinnedAuthority } from '../../server/holder/pin.ts'
import { makeRequest } from '../../server/holder/request.ts'
import { backoff, renewalTime } from '../../server/holder/schedule.ts'

/** What a holder needs of its surroundings. */
export interface HolderPorts {
  readonly clock: Clock
  readonly timer: Timer
  readonly entropy: Entropy
}

/** How to enrol. */
export interface EnrolOptions extends HolderPorts {
  /** Address of the identity listener, for example `https://127.0.0.1:7402`. */
  readonly identityUrl: string
  /** The join token's text; used up by a successful enrolment. */
  readonly joinToken: string
}

/** How to enter by evidence. */
export interface AttestOptions extends HolderPorts {
  readonly identityUrl: string
  /** SHA-256 of the authority's root certificate, base64url: whom the evidence is shown to, and nobody else. */
  readonly authority: string
  readonly evidence: Evidence
  /** Id of the instance that this workload was before. */
  readonly replaces?: string
}

/** What a holder is at the moment. */
export interface HeldIdentity {
  readonly instance: string
  readonly spiffeId: string
  readonly trustDomain: string
  /** ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** After this only a new join token helps; ms since the epoch. */
  readonly lifeEnds: number
}

interface Held extends HeldIdentity {
  readonly credential: ClientCredential
  readonly authority: PinnedAuthority
  readonly gateway: Agent
  readonly identity: Agent
}

/** Machines sleep, and timers sleep with them: the clock is looked at this often at least. */
const LOOK_MS = 30_000

function hold(authority: PinnedAuthority, key: string, issued: IssuedIdentity): Held {
  const [leaf] = readPem('CERTIFICATE', issued.certificates)
  if (leaf === undefined) throw fault('holder.answer', 'the answer holds no certificate')
  const certificate = new X509Certificate(leaf)
  const credential = { key, cert: issued.certificates }
  // The bundle came over a connection that the pinned root vouched for, so it may name that root's successors.
  const trusted = { ...authority, root: issued.bundle }
  const lifeEnds = Date.parse(issued.life_ends)
  if (Number.isNaN(lifeEnds)) throw fault('holder.answer', 'the end of life is not a time')
  return {
    instance: issued.instance,
    spiffeId: issued.spiffe_id,
    trustDomain: authority.trustDomain,
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    lifeEnds,
    credential,
    authority: trusted,
    gateway: pool(trusted, 'gateway', credential),
    identity: pool(trusted, 'identity', credential),
  }
}

/** A live identity. Keys are made here, stay in memory, and are replaced at every renewal (INV-8). */
export class Holder {
  readonly #ports: HolderPorts
  readonly #origin: string
  readonly #listeners = new Set<(why: Fault) => void>()
  /** Pools of earlier certificates whose last requests still run. */
  readonly #draining = new Set<Agent>()
  #held: Held
  #renewAt: number
  #failures = 0
  #trouble: unknown
  #renewing: Promise<void> | undefined
  #over: Fault | undefined
  #cancel: () => void = () => undefined

  private constructor(ports: HolderPorts, origin: string, held: Held) {
    this.#ports = ports
    this.#origin = origin
    this.#held = held
    this.#renewAt = renewalTime(held.notBefore, held.notAfter, ports.entropy)
    this.#wait()
  }

  /**
   * Enrols with a join token. The listener's root is compared with the fingerprint in the token before the token is sent,
   * and the token only travels over a connection that this root vouches for.
   */
  static async enrol(options: EnrolOptions): Promise<Holder> {
    const { joinToken } = options
    const { authority } = parseJoinToken(joinToken)
    return Holder.#enter(options, authority, (csr, ask) =>
      ask('/v1/enroll', { token: joinToken, csr }),
    )
  }

  /** Enters by evidence, which travels only over a connection that the pinned root vouches for. */
  static async attest(options: AttestOptions): Promise<Holder> {
    const { authority, evidence, replaces } = options
    return Holder.#enter(options, authority, async (csr, ask) => {
      const shown = await evidence.show(csr, ask)
      return ask('/v1/attest', { ...shown, ...(replaces === undefined ? {} : { replaces }) })
    })
  }

  static async #enter(
    options: HolderPorts & { readonly identityUrl: string },
    fingerprint: string,
    enter: (csr: string, ask: Ask) => Promise<Json>,
  ): Promise<Holder> {
    const { origin } = address(options.identityUrl)
    const authority = await pinnedAuthority(options.identityUrl, fingerprint)
    const dispatcher = pool(authority, 'identity')
    try {
      const { key, csr } = makeRequest()
      const ask: Ask = (path, body) => post(dispatcher, origin, path, body)
      const issued = parseIssuedIdentity(await enter(csr, ask))
      return new Holder(options, origin, hold(authority, key, issued))
    } finally {
      await dispatcher.close()
    }
  }

  /** Who this is, and until when. */
  get identity(): HeldIdentity {
    const { instance, spiffeId, trustDomain, notBefore, notAfter, lifeEnds } = this.#held
    return { instance, spiffeId, trustDomain, notBefore, notAfter, lifeEnds }
  }

  /** What kept the last renewal from succeeding, in public words; undefined when it did succeed. */
  get trouble():
    { readonly code: string; readonly detail: string; readonly next: string } | undefined {
    return this.#trouble === undefined ? undefined : publicFault(this.#trouble)
  }

  /** Why the identity is over; undefined while it lives. */
  get over(): Fault | undefined {
    return this.#over
  }

  /**
   * Connections to the gateway with the newest certificate. Ask for it at every request: after a renewal new requests use new
   * connections, and those that are open finish on the old ones. Throws once the identity is over.
   */
  dispatcher(): Dispatcher {
    if (this.#over !== undefined) throw this.#over
    return this.#held.gateway
  }

  /** TLS options to the gateway with the newest certificate, for clients that are not undici. */
  tls(): ConnectOptions {
    if (this.#over !== undefined) throw this.#over
    return connectOptions(this.#held.authority, 'gateway', this.#held.credential)
  }

  /** Told once, with the reason, when the identity is over. The answer stops listening. */
  onEnded(listener: (why: Fault) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Renews now; throws what kept it from that. A refusal that no repetition can cure ends the identity. */
  async renew(): Promise<void> {
    if (this.#over !== undefined) throw this.#over
    this.#renewing ??= this.#renewOnce().finally(() => (this.#renewing = undefined))
    await this.#renewing
  }

  /** Gives the identity up: tells the authority where it can, then ends every connection and what runs on it. Never throws. */
  async close(): Promise<void> {
    if (this.#over === undefined) {
      this.#end(fault('holder.closed', 'this identity was given up'))
      try {
        await post(this.#held.identity, this.#origin, '/v1/end', {})
      } catch (error) {
        // Nobody hears us: the certificate ends by itself within the hour.
        this.#over = fault('holder.closed', 'this identity was given up unheard', error)
      }
    }
    const pools = [...this.#draining, this.#held.gateway, this.#held.identity]
    await Promise.all(pools.map((agent) => agent.destroy()))
  }

  async #renewOnce(): Promise<void> {
    const old = this.#held
    // A key of its own for every attempt: one whose answer was lost may be certified already.
    const { key, csr } = makeRequest()
    try {
      const answer = await post(old.identity, this.#origin, '/v1/renew', { csr })
      const held = hold(old.authority, key, parseIssuedIdentity(answer))
      if (this.#over !== undefined) {
        this.#retire(held)
        return
      }
      this.#held = held
      this.#failures = 0
      this.#trouble = undefined
      this.#renewAt = renewalTime(held.notBefore, held.notAfter, this.#ports.entropy)
      this.#retire(old)
    } catch (error) {
      this.#failures++
      this.#renewAt = this.#ports.clock.now() + backoff(this.#failures, this.#ports.entropy)
      if (error instanceof Fault && error.status === 401) this.#end(error)
      throw error
    }
  }

  /** Lets requests that run on these connections finish, and takes no new ones. */
  #retire(held: Held): void {
    for (const agent of [held.gateway, held.identity]) {
      this.#draining.add(agent)
      void agent.close().finally(() => this.#draining.delete(agent))
    }
  }

  #end(why: Fault): void {
    if (this.#over !== undefined) return
    this.#over = why
    this.#cancel()
    for (const listener of this.#listeners) listener(why)
  }

  /** True at the end of life, when the instance has the longest certificate that it can have. */
  get #last(): boolean {
    return this.#held.notAfter + 1_000 > this.#held.lifeEnds
  }

  #wait(): void {
    const at = this.#last ? this.#held.notAfter : Math.min(this.#renewAt, this.#held.notAfter)
    const next = at - this.#ports.clock.now()
    this.#cancel = this.#ports.timer.after(Math.min(Math.max(next, 0), LOOK_MS), () => this.#look())
  }

  #look(): void {
    const now = this.#ports.clock.now()
    if (now >= this.#held.notAfter) {
      this.#end(fault('holder.expired', 'the certificate ended before it could be renewed'))
      return
    }
    if (now < this.#renewAt || this.#last) {
      this.#wait()
      return
    }
    void this.#tryRenew()
  }

  /** Failures are kept for whoever asks, and tried again: by then the server may be back. */
  async #tryRenew(): Promise<void> {
    try {
      await this.renew()
    } catch (error) {
      this.#trouble = error
    }
    if (this.#over === undefined) this.#wait()
  }
}
