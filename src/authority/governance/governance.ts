// Holds governance: changes of who governs, which take effect when two administrators agree, and are told to all of them.

import { rfc3339 } from '../../std/clock.ts'
import { Fault } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type {
  Announced,
  GovernanceChange,
  GovernanceHow,
  GovernanceState,
  GovernanceWord,
  Governed,
} from '../../store/rows/governance.ts'
import type { Held } from '../../store/signed-table.ts'
import type { LockTarget } from '../../store/rows/lock.ts'
import type { Person } from '../../store/rows/person.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { rolesEver } from '../registry/person-roles.ts'
import { Turns } from '../turns.ts'
import { administrators, weighFirst, weighSecond, whyKept } from './agreeing.ts'
import { bringAbout } from './bringing-about.ts'
import { drafted, type GovernedParts, type Wish } from './draft.ts'
import { fault } from './faults.ts'
import { Rule } from './rule.ts'
import { forgotten, saidOf } from './said.ts'
import { Seen } from './seen.ts'
import { weightOf } from './weight.ts'

/** How long a change waits (ms), and how many of one person wait at once. */
const WAITS_MS = 7 * 86_400_000
const MOST_OPEN = 16
/** How long changes that are over are shown (ms); the log has them for good. */
const SHOWN_MS = 400 * 86_400_000

/** Somebody whom no row knows. */
const NOBODY: Person = { id: '', name: '', roles: [], credentials: [], createdAt: 0 }

/** Who says something of a change, and why. */
export interface PersonWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** What governance works on. */
export interface GovernanceParts extends GovernedParts {
  readonly locks: { on(target: LockTarget): unknown }
  /** How long who is alone waits for a change that gives somebody a say (ms). */
  readonly aloneDelayMs: number
}

/** The changes of who governs. Reading is synchronous, from memory. */
export class Governance {
  readonly rule: Rule
  readonly seen: Seen
  readonly #ports: AuthorityPorts
  readonly #parts: GovernanceParts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<GovernanceChange>>()

  private constructor(ports: AuthorityPorts, parts: GovernanceParts, rule: Rule, seen: Seen) {
    this.#ports = ports
    this.#parts = parts
    this.rule = rule
    this.seen = seen
  }

  /** Reads every change, and brings about what was agreed to before a crash. */
  static async load(
    ports: AuthorityPorts,
    parts: GovernanceParts,
    onTrouble: (trouble: Fault) => void,
  ): Promise<Governance> {
    const [rule, seen] = [await Rule.load(ports), await Seen.load(ports)]
    const governance = new Governance(ports, parts, rule, seen)
    for (const held of await ports.store.governance.all()) {
      governance.#held.set(held.doc.id, held)
    }
    for (const held of await ports.store.governance.all({ state: 'agreed' })) {
      await governance.#turns
        .run(() => governance.#bring(held))
        .catch((error: unknown) => {
          if (!(error instanceof Fault)) throw error
          onTrouble(error)
        })
    }
    return governance
  }

  /** Changes, the newest first. */
  list(): readonly GovernanceChange[] {
    return [...this.#held.values()]
      .map(({ doc }) => this.#shown(doc))
      .sort((a, b) => (a.id < b.id ? 1 : -1))
  }

  /** Any change. Throws `governance.unknown`. */
  get(id: string): GovernanceChange {
    return this.#shown(this.#find(id).doc)
  }

  /** How many changes others have touched since this person saw them last; 0 for who does not administer. */
  unseen(person: string): number {
    const { roles = [] } = this.#parts.people.get(person) ?? {}
    if (!roles.includes('administrator')) return 0
    return this.list().filter((change) => this.isUnseen(change, person)).length
  }

  /** True where somebody else touched a change since this person saw them last. */
  isUnseen(change: GovernanceChange, person: string): boolean {
    const last = touchedOf(change)
    return last.person !== person && last.at > this.seen.until(person)
  }

  /** People who administer now, by id; with those who are locked. */
  administrators(): readonly string[] {
    return administrators(this.#parts.people.list(), ({ roles }) => roles)
  }

  /** The same with those who would by signing in: nobody is alone because the others signed in yesterday. */
  #there(): readonly string[] {
    const { people } = this.#parts
    const rows = people.list().map(({ id }) => people.known(id))
    return administrators(
      rows.filter((row) => row !== undefined),
      rolesEver,
    )
  }

  /**
   * Does what somebody asks for, or proposes it where a second administrator, or time, is needed. Undefined: it was done, and changes
   * nothing of who governs. Throws what the change throws, `governance.second`, `governance.full`.
   */
  ask(wish: Wish, { person, reason }: PersonWord): Promise<GovernanceChange | undefined> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const what = drafted(wish, this.#parts)
      const roles = (id: string) => rolesEver(this.#parts.people.known(id) ?? NOBODY)
      const weight = weightOf(what, person, { roles, rule: this.rule.now })
      if (weight === 'plain') {
        if (what.kind !== 'rule') await bringAbout(what, { person, reason: why }, this.#parts)
        return undefined
      }
      const change = this.#change(what, { person, reason: why, at: this.#ports.clock.now() })
      if (weight === 'announced') return this.#begin(change, 'narrows')
      if (this.rule.now.changes === 'off') return this.#begin(change, 'rule-off')
      const first = weighFirst(change, this.#agreeRule(), change.proposed.at)
      if (first.does === 'refuse') throw first.why
      if (first.does === 'agree') return this.#begin(change, 'alone')
      return this.#propose({ ...change, from: first.from })
    })
  }

  /** Tells of what one administrator has done already, because it could not wait; it has a record of its own. */
  announce(
    what: Extract<Governed, { kind: Announced }>,
    { person, reason }: PersonWord,
  ): Promise<GovernanceChange> {
    return this.#turns.run(async () => {
      const word = this.#word(person, reason)
      const doc = {
        ...this.#change(what, word),
        state: 'applied',
        how: 'urgent',
        ended: word,
      } as const
      return (await this.#insert(doc, 'governance.applied', word)).doc
    })
  }

  /**
   * The second word. The answer is `applied`; or `open`, with the time from which who is alone may say it again. Throws `governance.*`, and
   * what the change throws: it has `failed` then.
   */
  agree(id: string, { person, reason }: PersonWord): Promise<GovernanceChange> {
    return this.#turns.run(async () => {
      const held = this.#waiting(id)
      const word = this.#word(person, reason)
      const said = weighSecond(held.doc, person, this.#agreeRule(), word.at)
      if (said.does === 'refuse') throw said.why
      if (said.does === 'wait') {
        const doc = { ...held.doc, from: said.from }
        return (await this.#write(held, doc, 'governance.proposed', word)).doc
      }
      const doc: GovernanceChange = { ...held.doc, state: 'agreed', how: said.how, agreed: word }
      return this.#bring(await this.#write(held, doc, 'governance.agreed', word))
    })
  }

  /** Ends a change that waits: taken back by who proposed it, refused by anybody else who administers. */
  refuse(id: string, { person, reason }: PersonWord): Promise<GovernanceChange> {
    return this.#turns.run(async () => {
      const held = this.#waiting(id)
      const word = this.#word(person, reason)
      const kept = whyKept(held.doc, person, this.#agreeRule())
      if (kept !== undefined) throw kept
      const state = held.doc.proposed.person === person ? 'withdrawn' : 'refused'
      return this.#end(held, state, word)
    })
  }

  /** Writes which have ended by themselves, and forgets those of long ago. They could not be agreed to before either. */
  async sweep(): Promise<void> {
    const now = this.#ports.clock.now()
    const due = ({ doc }: Held<GovernanceChange>) => doc.state === 'open' && doc.expiresAt <= now
    const old = ({ doc }: Held<GovernanceChange>) => isOver(doc) && doc.proposed.at < now - SHOWN_MS
    const all = [...this.#held.values()]
    if (!all.some((held) => due(held) || old(held))) return
    await this.#turns.run(async () => {
      const word = { person: '', reason: 'nobody agreed in time', at: now }
      for (const held of this.#held.values()) if (due(held)) await this.#end(held, 'expired', word)
      await this.#ports.store.governance.prune('created_at', now - SHOWN_MS)
      for (const held of this.#held.values()) if (old(held)) this.#held.delete(held.doc.id)
    })
  }

  #change(what: Governed, proposed: GovernanceWord): GovernanceChange {
    const { clock, entropy } = this.#ports
    return {
      id: uuidv7(clock, entropy),
      what,
      proposed,
      able: this.#there(),
      from: null,
      expiresAt: proposed.at + WAITS_MS,
      state: 'open',
    }
  }

  /** The same change, asked for by the same person again, is the one that waits already. */
  async #propose(change: GovernanceChange): Promise<GovernanceChange> {
    const { person } = change.proposed
    const mine = [...this.#held.values()]
      .map(({ doc }) => doc)
      .filter((doc) => doc.state === 'open' && doc.expiresAt > change.proposed.at)
      .filter((doc) => doc.proposed.person === person)
    const there = mine.find((doc) => isSame(doc.what, change.what))
    if (there !== undefined) return there
    if (mine.length >= MOST_OPEN) {
      throw fault('governance.full', `${MOST_OPEN} changes of this person wait already`)
    }
    return (await this.#insert(change, 'governance.proposed', change.proposed)).doc
  }

  /** Does a change that needs nobody else. Written before it is done: it is told of, whatever happens in between. */
  async #begin(change: GovernanceChange, how: GovernanceHow): Promise<GovernanceChange> {
    const doc: GovernanceChange = { ...change, state: 'agreed', how }
    return this.#bring(await this.#insert(doc, 'governance.agreed', change.proposed))
  }

  async #bring(held: Held<GovernanceChange>): Promise<GovernanceChange> {
    const { what, proposed, agreed } = held.doc
    const { person, reason } = proposed
    const word = { ...(agreed ?? proposed), at: this.#ports.clock.now() }
    try {
      if (what.kind === 'rule') await this.rule.set(what, { ...proposed, at: word.at })
      else if (what.kind !== 'keys' && what.kind !== 'gateway')
        await bringAbout(what, { person, reason }, this.#parts)
    } catch (error) {
      // What could not be recorded or written is begun again at the next start; anything else will not be.
      if (!(error instanceof Fault) || error.status >= 500) throw error
      await this.#end(held, 'failed', { ...word, reason: error.code })
      throw error
    }
    return this.#end(held, 'applied', word)
  }

  #end(
    held: Held<GovernanceChange>,
    state: Exclude<GovernanceState, 'open' | 'agreed'>,
    ended: GovernanceWord,
  ): Promise<GovernanceChange> {
    const doc: GovernanceChange = { ...held.doc, what: forgotten(held.doc.what), state, ended }
    return this.#write(held, doc, `governance.${state}`, ended).then((done) => done.doc)
  }

  async #insert(doc: GovernanceChange, type: string, word: GovernanceWord) {
    const receipt = await this.#append(type, doc, word)
    const held = await this.#ports.store.governance.insert(doc, receipt)
    this.#held.set(doc.id, held)
    return held
  }

  async #write(
    before: Held<GovernanceChange>,
    doc: GovernanceChange,
    type: string,
    word: GovernanceWord,
  ): Promise<Held<GovernanceChange>> {
    const receipt = await this.#append(type, doc, word)
    const held = await this.#ports.store.governance.replace(before, doc, receipt)
    this.#held.set(doc.id, held)
    return held
  }

  #append(type: string, doc: GovernanceChange, { person, reason }: GovernanceWord) {
    const { id, what, how, proposed, from } = doc
    const body: JsonObject = {
      change: id,
      ...saidOf(what),
      proposed_by: proposed.person,
      reason,
      ...(how !== undefined && { how }),
      ...(type === 'governance.proposed' && { from: from === null ? null : rfc3339(from) }),
    }
    return this.#ports.audit.append({
      type,
      phase: person === '' ? 'lifecycle' : 'admin',
      ...(person !== '' && { person }),
      body,
    })
  }

  #word(person: string, reason: string): GovernanceWord {
    const { id } = this.#parts.people.find(person)
    return { person: id, reason: checkedReason(reason), at: this.#ports.clock.now() }
  }

  #agreeRule() {
    const { locks, aloneDelayMs: delayMs } = this.#parts
    const all = this.administrators()
    const free = all.filter((name) => locks.on({ kind: 'person', name }) === undefined)
    return { able: free.length > 0 ? free : all, delayMs }
  }

  #find(id: string): Held<GovernanceChange> {
    const held = this.#held.get(id)
    if (held === undefined) throw fault('governance.unknown', 'there is no such change')
    return held
  }

  #waiting(id: string): Held<GovernanceChange> {
    const held = this.#find(id)
    const { state } = this.#shown(held.doc)
    if (state === 'open') return held
    throw fault('governance.ended', `this change is ${state} already`)
  }

  /** As it counts now: one that is too old has expired, whether that is written or not. */
  #shown(doc: GovernanceChange): GovernanceChange {
    const over = doc.state === 'open' && doc.expiresAt <= this.#ports.clock.now()
    return over ? { ...doc, state: 'expired' } : doc
  }
}

/** Who touched a change last. */
function touchedOf({ proposed, agreed, ended }: GovernanceChange): GovernanceWord {
  return ended ?? agreed ?? proposed
}

function isOver({ state }: GovernanceChange): boolean {
  return state !== 'open' && state !== 'agreed'
}

/** The same change; ids that are set aside, sealing and times of drafting are no difference. */
function isSame(a: Governed, b: Governed): boolean {
  const text = (what: Governed): string => {
    if (what.kind === 'person-create') return JSON.stringify({ ...what, person: '' })
    if (what.kind !== 'trust-add') return JSON.stringify(what)
    const { createdAt: _at, sealedSecret: _sealed, ...source } = what.source
    return what.source.sealedSecret === undefined ? JSON.stringify(source) : JSON.stringify(what)
  }
  return text(a) === text(b)
}
