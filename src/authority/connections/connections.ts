// Holds the connections: which files of which clients were put behind Bailiwick, and the sealed bytes that give them back.

import { digest } from '../../std/bytes.ts'
import { uuidv7 } from '../../std/id.ts'
import type { Connection } from '../../store/rows/connection.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName } from '../registry/name.ts'
import { Turns } from '../turns.ts'
import { connectionFault } from './faults.ts'

export type { Connection }

/** Bytes of a file. */
const MOST_BYTES = 8_388_608
/** Connections that are open at once: each holds a file. */
const MOST_OPEN = 256
/** Rows that are wrapped anew with one record. */
const BATCH = 20

/** What is kept of a file. */
export interface ConnectionWish extends Pick<
  Connection,
  'client' | 'agent' | 'path' | 'part' | 'after' | 'entries'
> {
  /** The file as it was; absent where there was none. */
  readonly before?: Uint8Array
}

/** The connections. What is listed says nothing of what stood in a file. */
export class Connections {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #open = new Map<string, Held<Connection>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads what is open and verifies. */
  static async load(ports: AuthorityPorts): Promise<Connections> {
    const connections = new Connections(ports)
    for (const held of await ports.store.connections.all({ state: 'open' })) {
      connections.#open.set(held.doc.id, held)
    }
    return connections
  }

  /** Open ones, oldest first. */
  list(): readonly Connection[] {
    return [...this.#open.values()]
      .map(({ doc }) => doc)
      .sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))
  }

  /**
   * Keeps what a file was, before it is changed: if the change then fails, the file is as it was and says so by its digest. The record
   * names client, systems and digests, and never the path, which may name a person.
   */
  add(wish: ConnectionWish, { person }: { readonly person: string }): Promise<Connection> {
    return this.#turns.run(async () => {
      const { audit, clock, entropy, keys, store } = this.#ports
      checkName('a client', wish.client)
      for (const { system } of wish.entries) checkName('a system', system)
      const { before, ...said } = wish
      if ((before?.length ?? 0) > MOST_BYTES || !/^(?:\/|[A-Za-z]:\\)/.test(said.path)) {
        throw connectionFault(
          'connection.file',
          'the file is too large, or named by no absolute path',
        )
      }
      if (this.#open.size >= MOST_OPEN) {
        throw connectionFault('connection.too_many', `${MOST_OPEN} connections are open already`)
      }
      const id = uuidv7(clock, entropy)
      const doc: Connection = {
        ...said,
        id,
        person,
        sealed: before === undefined ? '' : keys.envelopes.seal(before, contextOf(id)),
        ...(before !== undefined && { before: digest(before) }),
        state: 'open',
        at: clock.now(),
      }
      const { client, agent, part, after, entries } = doc
      const systems = [...new Set(entries.map(({ system }) => system))].sort()
      const receipt = await audit.append({
        type: 'connection.added',
        phase: 'admin',
        person,
        agent,
        body: { connection: id, client, part, systems, before: doc.before ?? '', after },
      })
      this.#open.set(id, await store.connections.insert(doc, receipt))
      return doc
    })
  }

  /**
   * What a file was, for the person whose file it is: it is theirs, and may hold what nobody else should see. That it was read is
   * recorded first. Undefined where there was no file. Throws `connection.unknown`, `connection.other_person`.
   */
  backup(
    id: string,
    { person }: { readonly person: string },
  ): Promise<{ readonly connection: Connection; readonly bytes: Uint8Array | undefined }> {
    return this.#turns.run(async () => {
      const { doc } = this.#find(id, person)
      const { client, agent } = doc
      await this.#ports.audit.append({
        type: 'connection.read',
        phase: 'admin',
        person,
        agent,
        body: { connection: id, client },
      })
      if (doc.sealed === '') return { connection: doc, bytes: undefined }
      return { connection: doc, bytes: this.#ports.keys.envelopes.open(doc.sealed, contextOf(id)) }
    })
  }

  /** The file is as it was, or is no longer ours to give back: what was sealed is gone. */
  close(
    id: string,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<Connection> {
    return this.#turns.run(async () => {
      const { audit, clock, store } = this.#ports
      const why = checkedReason(reason)
      const held = this.#find(id, person)
      const { client, agent, part } = held.doc
      const receipt = await audit.append({
        type: 'connection.closed',
        phase: 'admin',
        person,
        agent,
        body: { connection: id, client, part, reason: why },
      })
      const closed = { person, reason: why, at: clock.now() }
      const doc: Connection = { ...held.doc, sealed: '', state: 'closed', closed }
      await store.connections.replace(held, doc, receipt)
      this.#open.delete(id)
      return doc
    })
  }

  /** Wraps what is under an old key under the one in force, a batch at a time. Answers how many were wrapped anew. */
  async rewrap(): Promise<number> {
    let count = 0
    for (;;) {
      const done = await this.#turns.run(() => this.#rewrapBatch())
      if (done === 0) return count
      count += done
    }
  }

  /** True while something here is wrapped under a key. */
  usesKey(keyId: string): Promise<boolean> {
    return this.#turns.run(async () => {
      const rows = await this.#ports.store.connections.all()
      return rows.some(({ doc }) => this.#ports.keys.envelopes.keyOf(doc.sealed) === keyId)
    })
  }

  async #rewrapBatch(): Promise<number> {
    const { audit, keys, store } = this.#ports
    const old = [...this.#open.values()]
      .filter(({ doc }) => doc.sealed !== '' && !keys.envelopes.isCurrent(doc.sealed))
      .slice(0, BATCH)
    if (old.length === 0) return 0
    const anew = old.map((held) => ({
      held,
      sealed: keys.envelopes.rewrap(held.doc.sealed, contextOf(held.doc.id)),
    }))
    const receipt = await audit.append({
      type: 'credential.rewrapped',
      phase: 'lifecycle',
      body: { key: keys.envelopes.current, count: anew.length, table: 'connections' },
    })
    for (const { held, sealed } of anew) {
      const next = await store.connections.replace(held, { ...held.doc, sealed }, receipt)
      this.#open.set(held.doc.id, next)
    }
    return anew.length
  }

  #find(id: string, person: string): Held<Connection> {
    const held = this.#open.get(id)
    if (held === undefined) {
      throw connectionFault('connection.unknown', 'there is no such open connection')
    }
    if (held.doc.person !== person) {
      throw connectionFault('connection.other_person', 'this is the file of somebody else')
    }
    return held
  }
}

/** A file sealed for one connection opens for no other. */
function contextOf(id: string): string {
  return `connection/${id}`
}
