// Holds how instances end: taken from memory at once, told to whoever waits, then recorded and stored, and tried again if that failed.

import type { Fault } from '../../std/fault.ts'
import { spiffeId } from '../../wire/spiffe.ts'
import type { InstanceRow } from '../../store/rows/instance.ts'
import { liveCertificate } from './live-certificate.ts'
import { fault } from './faults.ts'
import type { JoinTokens } from './join-token.ts'
import type { IdentityPorts } from './ports.ts'
import { isKeyless, type LiveInstance, type LiveView } from './view.ts'

/** How often the clock is looked at for what has ended. */
const LOOK_MS = 1_000
/** Instances whose certificates are read in one query at the start. */
const BATCH = 500

/** Why an instance is no longer live. */
export interface Ending {
  readonly state: 'expired' | 'revoked' | 'ended'
  readonly reason: string
  /** Person id of who revoked it. */
  readonly person?: string
  /** True where what it came by was taken away, and not itself: its workload may come back by fresh evidence. */
  readonly mayReturn?: true
}

const EXPIRED: Ending = { state: 'expired', reason: 'its last certificate has ended' }

/** Ends instances, and watches the clock for those that end by themselves. */
export class Endings {
  readonly #ports: IdentityPorts
  readonly #view: LiveView
  readonly #tokens: JoinTokens
  readonly #listeners = new Set<(instance: string, why: Ending) => void>()
  /** Gone from memory and not written yet. A crash loses nothing: the next start finds the same. */
  readonly #unwritten = new Map<string, Ending>()
  /** Writes under way, so that nothing is recorded twice. */
  readonly #writing = new Map<string, Promise<void>>()
  #cancel: (() => void) | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(ports: IdentityPorts, view: LiveView, tokens: JoinTokens) {
    this.#ports = ports
    this.#view = view
    this.#tokens = tokens
    ports.roots.onDistrusted((roots, cause) => this.endAllOf(roots, cause))
  }

  /** Fills the view from the store; instances without a certificate that still holds are ended. */
  async load(): Promise<void> {
    const { clock, roots, store } = this.#ports
    const rows = await store.instances.all({ state: 'live' })
    for (let at = 0; at < rows.length; at += BATCH) {
      const batch = rows.slice(at, at + BATCH)
      const live = new Map<string, LiveInstance>()
      for (const { doc } of batch) {
        const named = { kind: 'instance', domain: roots.trustDomain, instance: doc.id } as const
        const { joinToken: _token, state: _state, ended: _ended, ...instance } = doc
        const id = spiffeId({ ...named, agent: doc.agent })
        live.set(doc.id, this.#view.add({ ...instance, spiffeId: id }))
      }
      for (const { doc } of await store.certificates.all({ instance: [...live.keys()] })) {
        const instance = live.get(doc.instance)
        if (instance !== undefined && doc.notAfter > clock.now() && roots.trusts(doc.root)) {
          this.#view.certify(liveCertificate(doc, instance))
        }
      }
      for (const instance of live.values()) {
        if (instance.certificates.size === 0 && !isKeyless(instance))
          this.#take(instance.id, EXPIRED)
      }
    }
    await this.#look()
    this.watch()
  }

  onGone(listener: (instance: string, why: Ending) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Looks at the clock once a second from now on. */
  watch(): void {
    if (this.#closed || this.#cancel !== undefined) return
    this.#cancel = this.#ports.timer.after(LOOK_MS, () => {
      this.#cancel = undefined
      this.#looking = this.#look().finally(() => this.watch())
    })
  }

  /** Ends one instance now. Throws what kept it from being recorded; it is gone from memory all the same. */
  async end(id: string, why: Ending): Promise<void> {
    if (!this.#take(id, why)) throw this.#noInstance()
    await this.#write(id, why)
  }

  /**
   * Ends every instance that has a certificate of one of these roots, in memory before this returns; each is recorded by the
   * looks that follow. A crash loses nothing: no certificate of a distrusted root is loaded at the next start.
   */
  endAllOf(
    roots: ReadonlySet<string>,
    cause: { readonly person?: string; readonly reason: string },
  ): void {
    const first = this.#ports.roots.list().find((root) => root.place === 1)?.fingerprint ?? ''
    const { person } = cause
    const why: Ending = {
      state: 'revoked',
      reason: `its root is distrusted: ${cause.reason}`,
      mayReturn: true,
      ...(person === undefined ? {} : { person }),
    }
    for (const { id, certificates } of this.#view.instances()) {
      const dead = [...certificates.values()].some((one) => roots.has(one.root ?? first))
      if (dead) this.#take(id, why)
    }
    this.watch()
  }

  /** Ends every instance that a test picks, in memory before this returns; each is recorded by the looks that follow. */
  endWhere(picked: (instance: LiveInstance) => boolean, reason: string): void {
    const why: Ending = { state: 'revoked', reason, mayReturn: true }
    for (const instance of this.#view.instances()) {
      if (picked(instance)) this.#take(instance.id, why)
    }
    this.watch()
  }

  /** Ends an instance that has not been answered for yet, because what it came by was taken away while it was made. */
  withdraw(id: string, reason: string): void {
    this.#take(id, { state: 'revoked', reason, mayReturn: true })
    this.watch()
  }

  /**
   * True for an instance that was itself taken away: its workload does not come back by itself (INV-5). What is not written yet
   * counts as well, since whoever was cut off asks again at once.
   */
  async wasRevoked(id: string): Promise<boolean> {
    const unwritten = this.#unwritten.get(id)
    if (unwritten !== undefined) {
      return unwritten.state === 'revoked' && unwritten.mayReturn !== true
    }
    const doc = (await this.#ports.store.instances.get(id))?.doc
    return doc?.state === 'revoked' && doc.ended?.mayReturn !== true
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    await this.#looking
  }

  #noInstance(): Fault {
    return fault('identity.no_instance', 'there is no such live instance')
  }

  #take(id: string, why: Ending): boolean {
    if (this.#view.remove(id) === undefined) return false
    this.#gone(id, why)
    return true
  }

  #gone(id: string, why: Ending): void {
    this.#unwritten.set(id, why)
    for (const listener of this.#listeners) listener(id, why)
  }

  async #look(): Promise<void> {
    for (const { id } of this.#view.expire(this.#ports.clock.now())) this.#gone(id, EXPIRED)
    await this.#trying(() => this.#writeAll())
    await this.#trying(() => this.#tokens.expire())
  }

  /** What fails is told and tried again at the next look: the memory is right already. */
  async #trying(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#ports.onTrouble(error)
    }
  }

  async #writeAll(): Promise<void> {
    for (const [id, why] of this.#unwritten) {
      try {
        await this.#write(id, why)
      } catch (error) {
        // To the end of the queue, so that one that cannot be written never stands in the way of the others.
        this.#unwritten.delete(id)
        this.#unwritten.set(id, why)
        throw error
      }
    }
  }

  #write(id: string, why: Ending): Promise<void> {
    const under = this.#writing.get(id)
    if (under !== undefined) return under
    const write = this.#record(id, why).finally(() => this.#writing.delete(id))
    this.#writing.set(id, write)
    return write
  }

  async #record(id: string, why: Ending): Promise<void> {
    const { audit, clock, store } = this.#ports
    const held = await store.instances.get(id)
    if (held?.doc.state === 'live') {
      const at = clock.now()
      const receipt = await audit.append({
        type: why.state === 'revoked' ? 'instance.revoked' : 'instance.ended',
        phase: why.state === 'revoked' ? 'admin' : 'lifecycle',
        agent: held.doc.agent,
        instance: id,
        ...(why.person === undefined ? {} : { person: why.person }),
        body: { state: why.state, reason: why.reason, ...returning(why) },
      })
      const ended = { at, reason: why.reason, ...returning(why) }
      const doc: InstanceRow = { ...held.doc, state: why.state, ended }
      await store.instances.replace(held, doc, receipt)
    }
    this.#unwritten.delete(id)
  }
}

function returning({ mayReturn }: Ending): { readonly mayReturn?: true } {
  return mayReturn === true ? { mayReturn } : {}
}
