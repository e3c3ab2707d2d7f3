// Holds which local process is which instance: one instance per process, found again for as long as the process runs.

import type { Clock } from '../../../std/clock.ts'
import { Fault } from '../../../std/fault.ts'
import type { Timer } from '../../../std/timer.ts'
import type { IssuedIdentity } from '../../../wire/identity.ts'
import { Turns } from '../../turns.ts'
import { attestUnix, processSubject, type UnixEvidence } from './unix.ts'
import { fault } from './unix-faults.ts'
import type { PeerConnection, PeerKernel } from './unix-peer.ts'

/** Processes that are remembered at once. */
const MAX_PROCESSES = 10_000
/** Requests of one process that wait for each other; it has no use for more. */
const MAX_WAITING = 8
/** How often it is looked whether processes still run (ms), and at how many at a time. */
const LOOK_MS = 5_000
const LOOK_MANY = 1_000

/** Why an instance cannot go on although its process can. */
const OVER: ReadonlySet<string> = new Set([
  'attest.unregistered',
  'attest.ambiguous',
  'identity.gone',
  'identity.life_over',
])

/** What identities do for attested processes. `Identities` fits. */
export interface AttestedIdentities {
  enrolAttested(of: {
    readonly attested: UnixEvidence
    /** SubjectPublicKeyInfo, DER. */
    readonly publicKey: Uint8Array
    /** Id of the instance that the process was before. */
    readonly replaces?: string
  }): Promise<IssuedIdentity>
  reattest(of: {
    readonly instance: string
    readonly attested: UnixEvidence
    readonly publicKey: Uint8Array
  }): Promise<IssuedIdentity>
  live(id: string): { readonly id: string } | undefined
  endInstance(id: string, reason: string): Promise<void>
  onGone(
    listener: (
      instance: string,
      why: { readonly state: 'expired' | 'revoked' | 'ended'; readonly mayReturn?: true },
    ) => void,
  ): () => void
}

/** What this needs. */
export interface UnixProcessPorts {
  readonly identities: AttestedIdentities
  readonly kernel: PeerKernel
  readonly clock: Clock
  readonly timer: Timer
  /** Told what could not be written; for the operator's own log. */
  readonly onTrouble: (error: unknown) => void
}

/** A process that was attested once. */
interface Known {
  readonly pid: number
  readonly started: string
  readonly uid: number
  /** Absent where its instance has ended by itself: it may have another. */
  instance?: string
  /** The instance that it was before. */
  was?: string
  /** When its newest certificate should be followed by another, ms since the epoch. */
  renewAfter: number
  /** A person took its identity away: this process gets none again. */
  revoked: boolean
}

/**
 * The processes that have an identity. Held in memory only: after a restart of Bailiwick a process that connects again is another
 * instance, and what it was before ends with its certificate.
 */
export class UnixProcesses {
  readonly #ports: UnixProcessPorts
  readonly #known = new Map<string, Known>()
  readonly #byInstance = new Map<string, Known>()
  /** Processes that ask right now, with how many requests. */
  readonly #asking = new Map<string, { readonly turns: Turns; count: number }>()
  readonly #stop: () => void
  #cancel: (() => void) | undefined
  #looking: Promise<void> = Promise.resolve()
  #closed = false

  constructor(ports: UnixProcessPorts) {
    this.#ports = ports
    this.#stop = ports.identities.onGone((instance, why) => this.#gone(instance, why))
    this.#watch()
  }

  /**
   * Attests the process at the other end anew and certifies a key for its instance; the first time it becomes one. Throws
   * `unix.gone`, `unix.revoked`, `unix.busy`, and what identities throw where no registration matches.
   */
  async identify(connection: PeerConnection, publicKey: Uint8Array): Promise<IssuedIdentity> {
    const subject = processSubject(connection.peer)
    return this.#inTurn(subject, () => this.#identify(subject, connection, publicKey))
  }

  /**
   * The instance of the process at the other end, for what is issued without a key of its own. `newKey` makes a key that nobody will
   * hold, where the instance has to be made or kept alive by a certificate. Throws as `identify` does.
   */
  async instanceFor(
    connection: PeerConnection,
    newKey: () => Promise<Uint8Array>,
  ): Promise<string> {
    const subject = processSubject(connection.peer)
    return this.#inTurn(subject, async () => {
      const known = this.#known.get(subject)
      const instance = this.instanceOf(connection.peer)
      if (instance !== undefined && known !== undefined) {
        if (!connection.same()) throw fault('unix.gone', 'the process that connected is no more')
        if (this.#ports.clock.now() < known.renewAfter) return instance
      }
      return (await this.#identify(subject, connection, await newKey())).instance
    })
  }

  async #identify(
    subject: string,
    connection: PeerConnection,
    publicKey: Uint8Array,
  ): Promise<IssuedIdentity> {
    const attested = await attestUnix(this.#ports.kernel, connection)
    const known = this.#known.get(subject)
    if (known?.revoked === true) {
      throw fault('unix.revoked', 'the identity of this process was taken away')
    }
    if (known === undefined && this.#known.size >= MAX_PROCESSES) {
      throw fault('unix.busy', 'more processes have identities than are remembered')
    }
    const { identities } = this.#ports
    const instance = known?.instance
    if (instance !== undefined && identities.live(instance) !== undefined) {
      const issued = await this.#continued({ instance, attested, publicKey })
      if (issued !== undefined) {
        this.#remember(subject, connection, issued)
        return issued
      }
    }
    const { was } = known ?? {}
    const issued = await identities.enrolAttested({
      attested,
      publicKey,
      ...(was === undefined ? {} : { replaces: was }),
    })
    this.#remember(subject, connection, issued)
    return issued
  }

  /**
   * The live instance of a process; undefined for any other. Synchronous, from memory: asked at every call. Whoever asks holds the
   * connection of the process and has asked it whether the process is the same.
   */
  instanceOf(peer: {
    readonly pid: number
    readonly started: string
    readonly uid: number
  }): string | undefined {
    const known = this.#known.get(processSubject(peer))
    if (known?.instance === undefined || known.uid !== peer.uid) return undefined
    return this.#ports.identities.live(known.instance) === undefined ? undefined : known.instance
  }

  /** Stops looking; resolves when what was being written is written. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    this.#stop()
    await this.#looking
  }

  /**
   * Another certificate for an instance; undefined where it cannot go on: it is at the end of its life, or registrations have changed
   * so that its process is not what it was registered as. It ends then, and the process may become another instance.
   */
  async #continued(
    of: Parameters<AttestedIdentities['reattest']>[0],
  ): Promise<IssuedIdentity | undefined> {
    const { identities } = this.#ports
    try {
      return await identities.reattest(of)
    } catch (error) {
      if (!(error instanceof Fault) || !OVER.has(error.code)) throw error
      if (identities.live(of.instance) !== undefined) {
        await identities.endInstance(of.instance, error.detail)
      }
      return undefined
    }
  }

  /** One at a time per process, so that two connections never make two instances of it. */
  async #inTurn<R>(subject: string, work: () => Promise<R>): Promise<R> {
    const asking = this.#asking.get(subject) ?? { turns: new Turns(), count: 0 }
    if (asking.count >= MAX_WAITING) {
      throw fault('unix.busy', 'this process waits for as many answers already')
    }
    this.#asking.set(subject, asking)
    asking.count++
    try {
      return await asking.turns.run(work)
    } finally {
      if (--asking.count === 0) this.#asking.delete(subject)
    }
  }

  #remember(subject: string, { peer }: PeerConnection, issued: IssuedIdentity): void {
    const { pid, started, uid } = peer
    const { instance } = issued
    const renewAfter = Date.parse(issued.renew_after)
    const known: Known = { pid, started, uid, instance, renewAfter, revoked: false }
    this.#known.set(subject, known)
    this.#byInstance.set(instance, known)
  }

  #gone(
    instance: string,
    { state, mayReturn }: { readonly state: string; readonly mayReturn?: true },
  ): void {
    const known = this.#byInstance.get(instance)
    if (known === undefined) return
    this.#byInstance.delete(instance)
    delete known.instance
    known.was = instance
    // A root, a registration: what was taken away there was not this process, and it may show anew what it is.
    known.revoked ||= state === 'revoked' && mayReturn !== true
  }

  #watch(): void {
    if (this.#closed) return
    this.#cancel = this.#ports.timer.after(LOOK_MS, () => {
      this.#looking = this.#look().finally(() => this.#watch())
    })
  }

  /** Forgets processes that have ended, and ends their instances: a key without its process is nobody's. */
  async #look(): Promise<void> {
    const { identities, kernel, onTrouble } = this.#ports
    for (const [subject, known] of [...this.#known].slice(0, LOOK_MANY)) {
      this.#known.delete(subject)
      if (kernel.started(known.pid) === known.started) {
        // To the end, so that the next look begins with those that were not looked at.
        this.#known.set(subject, known)
        continue
      }
      const { instance } = known
      if (instance === undefined || identities.live(instance) === undefined) continue
      try {
        await identities.endInstance(instance, 'its process has ended')
      } catch (error) {
        onTrouble(error)
      }
    }
  }
}
