// Holds the sessions of 2025-11-25 clients: unguessable, each good for one caller at one endpoint, bounded in number and in time.

import { base64url } from '../../std/bytes.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Presented } from '../../wire/presented.ts'
import { deny, isDenial, type Denial } from '../denial.ts'
import type { Governing } from '../governing.ts'
import type { SurfacePorts } from '../ports.ts'
import { ownerOf } from './owner.ts'
import { readSessionId, sessionId, type Begun } from './session-id.ts'
import { ClientSession } from './session.ts'

/** Sessions of one instance, and of all: beyond the first, its longest unused one ends; beyond the second, none begins. */
const PER_INSTANCE = 64
const IN_ALL = 10_000
/** A session that nobody uses or listens to for this long ends (ms). */
const IDLE_MS = 1_800_000
const SWEEP_MS = 30_000

/** Whoever keeps something for a session lets it go. */
type OnEnd = (id: string) => void

/** Every session of this gateway. */
export class Sessions {
  readonly #ports: SurfacePorts
  readonly #governor: Governing
  readonly #onEnd: OnEnd
  readonly #sessions = new Map<string, ClientSession>()
  /** Ids of those whose clients have left. */
  readonly #left = new Set<string>()
  readonly #sweep: NodeJS.Timeout
  readonly #stop: (() => void)[]

  constructor(ports: SurfacePorts, governor: Governing, onEnd: OnEnd) {
    this.#ports = ports
    this.#governor = governor
    this.#onEnd = onEnd
    this.#sweep = setInterval(() => this.#endIdle(), SWEEP_MS)
    this.#sweep.unref()
    this.#stop = [
      ports.identities.onGone((instance) =>
        this.#endWhere((session) => session.terms.instance === instance),
      ),
      // Whoever is locked, or whose delegation is over, hears nothing more.
      ports.locks.onChange(() => this.#endRefused()),
      ports.identities.onDelegationEnd(() => this.#endRefused()),
      ports.identities.onTaskEnd((task) => this.#endWhere((session) => session.task === task)),
    ]
  }

  get size(): number {
    return this.#sessions.size
  }

  /** Begins a session. A denial where there are too many. */
  begin(actor: Actor, presented: Presented, begun: Begun): ClientSession | Denial {
    this.#makeRoom(actor.instance)
    if (this.#sessions.size >= IN_ALL) {
      return deny('mcp.sessions', `${IN_ALL} sessions are open at this gateway`)
    }
    const owner = ownerOf(actor, presented)
    const id = sessionId(this.#ports, { ...begun, owner })
    return this.#open(id, actor, presented, begun)
  }

  #open(id: string, actor: Actor, presented: Presented, begun: Begun): ClientSession {
    const { entropy } = this.#ports
    const session = new ClientSession({
      ...begun,
      id,
      owner: ownerOf(actor, presented),
      instance: actor.instance,
      presented,
      questionId: () => `bailiwick-${base64url(entropy.bytes(12))}`,
      mayHear: (shown, system) => this.#mayHear(shown, system),
    })
    session.task = actor.task?.id
    session.lastUsed = this.#ports.clock.monotonic()
    this.#sessions.set(session.terms.id, session)
    return session
  }

  /**
   * The session of that id, where it is this caller's, at this endpoint, and for the task at hand. Somebody else's is not told from one
   * that never was.
   */
  find(id: string, actor: Actor, presented: Presented, door: string): ClientSession | undefined {
    const session = this.#sessions.get(id) ?? this.#again(id, actor, presented, door)
    if (session === undefined || session.terms.door !== door) return undefined
    if (session.terms.owner !== ownerOf(actor, presented)) return undefined
    const task = actor.task?.id
    if (task !== undefined) {
      session.task ??= task
      if (session.task !== task) return undefined
    }
    session.lastUsed = this.#ports.clock.monotonic()
    session.presented = presented
    return session
  }

  /**
   * A session that this home gave out, to this caller and for this endpoint, and knows no longer: since a restart, or because it was idle.
   * It goes on with what the client said of itself, which its id repeats; many clients begin no other by themselves.
   */
  #again(id: string, actor: Actor, presented: Presented, door: string): ClientSession | undefined {
    if (this.#left.has(id)) return undefined
    const begun = readSessionId(this.#ports, id, { door, owner: ownerOf(actor, presented) })
    if (begun === undefined) return undefined
    this.#makeRoom(actor.instance)
    return this.#sessions.size >= IN_ALL ? undefined : this.#open(id, actor, presented, begun)
  }

  /** Ends one for good, as its client asked. */
  leave(session: ClientSession): void {
    // Bounded: what falls out of it can be taken up again by whoever left, and by nobody else.
    if (this.#left.size >= IN_ALL) this.#left.clear()
    this.#left.add(session.terms.id)
    this.end(session)
  }

  /** Ends one. */
  end(session: ClientSession): void {
    const { id } = session.terms
    if (!this.#sessions.delete(id)) return
    session.end()
    this.#onEnd(id)
  }

  #mayHear(presented: Presented, system: string): boolean {
    return !isDenial(this.#governor.stillAdmitted({ presented, system, action: '' }))
  }

  #makeRoom(instance: string): void {
    const own = [...this.#sessions.values()].filter(({ terms }) => terms.instance === instance)
    if (own.length < PER_INSTANCE) return
    const oldest = own.sort((a, b) => a.lastUsed - b.lastUsed)[0]
    if (oldest !== undefined) this.end(oldest)
  }

  #endIdle(): void {
    const before = this.#ports.clock.monotonic() - IDLE_MS
    this.#endWhere((session) => !session.active && session.lastUsed < before)
  }

  #endRefused(): void {
    this.#endWhere(({ presented, terms }) => !this.#mayHear(presented, terms.door))
  }

  #endWhere(test: (session: ClientSession) => boolean): void {
    for (const session of this.#sessions.values()) if (test(session)) this.end(session)
  }

  close(): void {
    clearInterval(this.#sweep)
    for (const stop of this.#stop) stop()
    this.#endWhere(() => true)
  }
}
