// Holds the sessions: people who are signed in on the control listener, each known by a secret that is kept nowhere.

import { base64url, sha256 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import type { Person } from '../../store/rows/person.ts'
import type { SessionRow } from '../../store/rows/session.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'
import { SESSION_FAULTS } from './faults.ts'
import { Links } from './links.ts'
import { LoginSources } from './login-sources.ts'

const fault = faults(SESSION_FAULTS)

/** The longest that a session lives (ms). */
const SESSION_LIFE_MS = 12 * 3_600_000
/** How long a session lives that nobody uses (ms). */
const IDLE_MS = 3_600_000
/** Live sessions of one person; the oldest gives way. */
const MOST_PER_PERSON = 16

/** A session that is live, and whose it is. */
export interface LiveSession {
  readonly person: Person
  readonly session: SessionRow
}

interface Entry {
  held: Held<SessionRow>
  /** Wall time of the last use: after a start what the row knows, as nothing else was written down. */
  usedAt: number
  /** Monotonic times, so that a clock that is set back makes nothing last longer. */
  usedTick: number
  readonly endTick: number
}

/** The sessions. Finding is synchronous, from memory. */
export class Sessions {
  readonly links: Links
  readonly sources: LoginSources
  readonly #ports: AuthorityPorts
  readonly #people: People
  readonly #turns = new Turns()
  readonly #entries = new Map<string, Entry>()
  /** Gone from memory and not written yet: hash → why. After a crash they are back: nobody was told that they had ended. */
  readonly #unwritten = new Map<string, SessionEnd>()
  readonly #held = new Map<string, Held<SessionRow>>()

  private constructor(ports: AuthorityPorts, people: People, sources: LoginSources) {
    this.sources = sources
    people.heed((name) => sources.get(name))
    this.#ports = ports
    this.#people = people
    this.links = new Links(ports, people)
    people.onChange((person) => {
      if (person.state !== 'left') return
      this.#takeOf(person.id, 'the person has left')
      this.links.forget(person.id)
    })
  }

  /** Reads every live session that verifies. */
  static async load(ports: AuthorityPorts, people: People): Promise<Sessions> {
    const sessions = new Sessions(ports, people, await LoginSources.load(ports))
    for (const held of await ports.store.sessions.all({ state: 'live' })) sessions.#show(held)
    return sessions
  }

  /**
   * Opens a session. `by` says how the person proved who they are: `passkey`, `link` or `oidc:<source>`. The answer's `cookie`
   * is the secret, in the form in which the cookie carries it; only its hash is kept.
   */
  open(of: {
    readonly person: string
    readonly by: string
  }): Promise<{ readonly cookie: string; readonly session: SessionRow }> {
    return this.#turns.run(async () => {
      const person = this.#people.get(of.person)
      if (person === undefined) throw fault('session.nobody', 'the person is no longer here')
      await this.#makeRoom(person.id)
      const { clock, entropy, audit, store } = this.#ports
      const cookie = base64url(entropy.bytes(32))
      const createdAt = clock.now()
      const doc: SessionRow = {
        hash: sessionHash(cookie),
        person: person.id,
        by: of.by,
        state: 'live',
        createdAt,
        expiresAt: createdAt + SESSION_LIFE_MS,
        ...(of.by === 'passkey' && { presentAt: createdAt }),
      }
      const receipt = await audit.append({
        type: 'session.opened',
        phase: 'admin',
        person: person.id,
        body: { session: doc.hash, by: of.by },
      })
      this.#show(await store.sessions.insert(doc, receipt))
      return { cookie, session: doc }
    })
  }

  /** The live session of a secret and its person; undefined for anything else. Asking is using: it keeps the session from idling. */
  find(cookie: string): LiveSession | undefined {
    const hash = sessionHash(cookie)
    const entry = this.#entries.get(hash)
    if (entry === undefined) return undefined
    const { clock } = this.#ports
    const [now, tick] = [clock.now(), clock.monotonic()]
    const { doc } = entry.held
    const over = now >= doc.expiresAt || tick >= entry.endTick || now < doc.createdAt - IDLE_MS
    const idle = now - entry.usedAt >= IDLE_MS || tick - entry.usedTick >= IDLE_MS
    const person = this.#people.get(doc.person)
    if (over || idle || person === undefined) {
      this.#take(hash, { reason: over ? 'it was over' : idle ? 'it was idle' : 'nobody has it' })
      return undefined
    }
    entry.usedAt = Math.max(entry.usedAt, now)
    entry.usedTick = tick
    return { person, session: doc }
  }

  /** Live sessions of a person, oldest first. */
  listOf(person: string): readonly SessionRow[] {
    return [...this.#entries.values()]
      .map(({ held }) => held.doc)
      .filter((doc) => doc.person === person)
      .sort((a, b) => a.createdAt - b.createdAt)
  }

  /** When a person last showed that they are there, in any session that lives, and with which passkey; undefined where in none. */
  presenceOf(person: string): { readonly passkey: string; readonly at: number } | undefined {
    const shown = this.listOf(person).flatMap(({ presentAt, presentBy }) =>
      presentAt === undefined || presentBy === undefined
        ? []
        : [{ passkey: presentBy, at: presentAt }],
    )
    return shown.sort((a, b) => b.at - a.at)[0]
  }

  /** Takes down that the session's person touched a passkey (its credential id) now. */
  present(hash: string, passkey: string): Promise<SessionRow> {
    return this.#turns.run(async () => {
      const entry = this.#entries.get(hash)
      if (entry === undefined) throw fault('session.ended', 'the session has ended')
      const { clock, audit, store } = this.#ports
      const shown = { presentAt: clock.now(), presentBy: passkey }
      const doc: SessionRow = { ...entry.held.doc, ...shown }
      const receipt = await audit.append({
        type: 'session.present',
        phase: 'admin',
        person: doc.person,
        body: { session: hash, passkey },
      })
      entry.held = await store.sessions.replace(entry.held, doc, receipt)
      if (this.#unwritten.has(hash)) this.#held.set(hash, entry.held)
      return doc
    })
  }

  /** Ends a session: dead at once, then recorded. Rejects with what kept it from being recorded; it is dead all the same. */
  async end(hash: string, end: SessionEnd): Promise<void> {
    this.#take(hash, end)
    await this.settle()
  }

  /** Ends every session of a person, and every link of theirs that was not opened. Says how many sessions. */
  async endOf(person: string, end: SessionEnd): Promise<number> {
    const count = this.#takeOf(person, end.reason, end.person)
    this.links.forget(person)
    await this.settle()
    return count
  }

  /** Ends what is over by the clock, and writes what has ended and is not written yet. For whoever looks at the clock. */
  async endDue(): Promise<void> {
    const { clock } = this.#ports
    const [now, tick] = [clock.now(), clock.monotonic()]
    for (const [hash, { held, usedAt, usedTick, endTick }] of this.#entries) {
      if (now >= held.doc.expiresAt || tick >= endTick) this.#take(hash, { reason: 'it was over' })
      else if (now - usedAt >= IDLE_MS || tick - usedTick >= IDLE_MS) {
        this.#take(hash, { reason: 'it was idle' })
      }
    }
    await this.settle()
  }

  /** Resolves when everything that has ended is in the record. */
  async settle(): Promise<void> {
    if (this.#unwritten.size === 0) return
    await this.#turns.run(async () => {
      for (const [hash, end] of this.#unwritten) await this.#write(hash, end)
    })
  }

  async #write(hash: string, { reason, person }: SessionEnd): Promise<void> {
    const held = this.#held.get(hash)
    if (held !== undefined) {
      const { audit, store } = this.#ports
      const receipt = await audit.append({
        type: 'session.ended',
        phase: person === undefined ? 'lifecycle' : 'admin',
        person: person ?? held.doc.person,
        body: { session: hash, reason },
      })
      await store.sessions.replace(held, { ...held.doc, state: 'ended' }, receipt)
    }
    this.#held.delete(hash)
    this.#unwritten.delete(hash)
  }

  async #makeRoom(person: string): Promise<void> {
    const live = this.listOf(person)
    for (const { hash } of live.slice(0, Math.max(0, live.length - MOST_PER_PERSON + 1))) {
      this.#take(hash, { reason: 'a newer session took its place' })
    }
    for (const [hash, end] of this.#unwritten) await this.#write(hash, end)
  }

  #takeOf(person: string, reason: string, by?: string): number {
    const live = this.listOf(person)
    for (const { hash } of live) {
      this.#take(hash, { reason, ...(by !== undefined && { person: by }) })
    }
    return live.length
  }

  #take(hash: string, end: SessionEnd): void {
    const entry = this.#entries.get(hash)
    if (entry === undefined) return
    this.#entries.delete(hash)
    this.#held.set(hash, entry.held)
    this.#unwritten.set(hash, end)
  }

  #show(held: Held<SessionRow>): void {
    const { clock } = this.#ports
    const { hash, createdAt, expiresAt, presentAt = createdAt } = held.doc
    const tick = clock.monotonic()
    this.#entries.set(hash, {
      held,
      usedAt: presentAt,
      usedTick: tick,
      endTick: tick + Math.min(Math.max(0, expiresAt - clock.now()), SESSION_LIFE_MS),
    })
  }
}

/** Why a session ends, and by whom where a person ended it. */
export interface SessionEnd {
  readonly reason: string
  /** Person id. */
  readonly person?: string
}

/** The id of a session: SHA-256 of its secret, base64url. */
function sessionHash(cookie: string): string {
  return base64url(sha256(cookie))
}
