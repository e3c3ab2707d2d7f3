// Holds the use of credentials: when each was used last and by which agents, kept in memory and written coarsely.

import type { CredentialUse } from '../../store/rows/credential.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { Turns } from '../turns.ts'

/** A time of use is written when it is this much newer than the one that was (ms). */
const COARSE_MS = 3_600_000
/** Agents that are named for one credential. */
const MOST_AGENTS = 64
/** Rows that one look writes, with one record. */
const BATCH = 100
/** Credentials that are kept track of. */
const MOST = 20_000

interface Seen {
  lastUsedAt: number
  readonly agents: Map<string, number>
  more: number
  told: readonly string[]
  held: Held<CredentialUse> | undefined
  /** True where something is to be written before the hour is over: an agent that was not seen before, or what was told. */
  news: boolean
}

/** The use of the credentials. Noting it is synchronous, and never writes. */
export class CredentialUsage {
  readonly #ports: Pick<AuthorityPorts, 'store' | 'audit' | 'clock'>
  readonly #turns = new Turns()
  readonly #seen = new Map<string, Seen>()

  private constructor(ports: Pick<AuthorityPorts, 'store' | 'audit' | 'clock'>) {
    this.#ports = ports
  }

  /** Reads what was written and verifies. */
  static async load(
    ports: Pick<AuthorityPorts, 'store' | 'audit' | 'clock'>,
  ): Promise<CredentialUsage> {
    const usage = new CredentialUsage(ports)
    for (const held of await ports.store.credentials.all()) {
      const { system, name, lastUsedAt, usedBy, more, told } = held.doc
      const agents = new Map(usedBy.map(({ agent, at }) => [agent, at]))
      usage.#seen.set(`${system}/${name}`, { lastUsedAt, agents, more, told, held, news: false })
    }
    return usage
  }

  /** Notes that a call of an agent goes out with a credential. */
  note(system: string, name: string, agent: string): void {
    const seen = this.#of(`${system}/${name}`)
    if (seen === undefined) return
    const now = this.#ports.clock.now()
    seen.lastUsedAt = now
    if (seen.agents.has(agent)) seen.agents.set(agent, now)
    else if (seen.agents.size < MOST_AGENTS) {
      seen.agents.set(agent, now)
      seen.news = true
    } else seen.more = Math.min(seen.more + 1, 1_000_000)
  }

  /** How a credential is used; undefined where it never was. */
  get(
    system: string,
    name: string,
  ): Pick<CredentialUse, 'lastUsedAt' | 'usedBy' | 'more' | 'told'> | undefined {
    const seen = this.#seen.get(`${system}/${name}`)
    return seen === undefined ? undefined : shown(seen)
  }

  /** Notes that people were told of something, so that they are told once. */
  tell(system: string, name: string, what: string): void {
    const seen = this.#of(`${system}/${name}`)
    if (seen === undefined || seen.told.includes(what)) return
    seen.told = [...seen.told, what].slice(-16)
    seen.news = true
  }

  /** Forgets agents and what was told of a value that is there no more. */
  reset(system: string, name: string): void {
    const seen = this.#seen.get(`${system}/${name}`)
    if (seen === undefined) return
    seen.agents.clear()
    seen.more = 0
    seen.told = []
    seen.news = true
  }

  /** Writes what is news, or an hour newer than what was written. `all` writes whatever is newer. */
  sweep({ all = false }: { readonly all?: boolean } = {}): Promise<void> {
    const due = [...this.#seen].filter(([, seen]) => isDue(seen, all)).slice(0, BATCH)
    if (due.length === 0) return Promise.resolve()
    return this.#turns.run(() => this.#write(due))
  }

  async #write(due: readonly (readonly [string, Seen])[]): Promise<void> {
    const { audit, store } = this.#ports
    const docs = due.map(([id, seen]) => {
      const [system = '', name = ''] = id.split('/')
      return { seen, doc: { system, name, ...shown(seen) } }
    })
    const receipt = await audit.append({
      type: 'secret.used',
      phase: 'lifecycle',
      body: {
        used: docs.map(({ doc: { system, name, usedBy, more } }) => ({
          system,
          name,
          agents: usedBy.map(({ agent }) => agent),
          more,
        })),
      },
    })
    for (const { seen, doc } of docs) {
      seen.news = false
      seen.held = await (seen.held === undefined
        ? store.credentials.insert(doc, receipt)
        : store.credentials.replace(seen.held, doc, receipt))
    }
  }

  #of(id: string): Seen | undefined {
    const known = this.#seen.get(id)
    if (known !== undefined || this.#seen.size >= MOST) return known
    const seen = {
      lastUsedAt: 0,
      agents: new Map<string, number>(),
      more: 0,
      told: [],
      held: undefined,
      news: true,
    }
    this.#seen.set(id, seen)
    return seen
  }
}

function isDue({ news, lastUsedAt, held }: Seen, all: boolean): boolean {
  const newer = lastUsedAt - (held?.doc.lastUsedAt ?? 0)
  return news || newer >= COARSE_MS || (all && newer > 0)
}

function shown(seen: Seen): Pick<CredentialUse, 'lastUsedAt' | 'usedBy' | 'more' | 'told'> {
  return {
    lastUsedAt: seen.lastUsedAt,
    usedBy: [...seen.agents].map(([agent, at]) => ({ agent, at })),
    more: seen.more,
    told: seen.told,
  }
}
