// Holds erasing: the keys of what is kept of a person are destroyed, and the log says that it was done, and nothing of what it was.

import { uuidv7 } from '../../std/id.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Subjects } from '../../audit/side/subjects.ts'
import type { Person } from '../../store/rows/person.ts'
import type { Receipt } from '../../wire/record.ts'
import type { Amendments } from '../approvals/amendments.ts'
import type { Approvals } from '../approvals/approvals.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import type { People } from '../registry/people.ts'
import { Turns } from '../turns.ts'
import type { UpstreamTokenStore } from '../upstream-tokens/upstream-tokens.ts'
import { erasureFault } from './faults.ts'
import { emptyWords } from './words.ts'

const BASIS = /^[a-z0-9][a-z0-9.-]{0,63}$/

/** What is asked to be erased. */
export interface ErasureAsk {
  /** Id or name; of somebody who has left as well. */
  readonly person: string
  /** Payloads from before this time alone (ms since the epoch); absent: everything, by destroying the key. */
  readonly before?: number
  /** Legal or other basis, one word, e.g. `gdpr-17`. It stands in the record in clear. */
  readonly basis: string
  readonly reason: string
}

/** What was erased, or would be. */
export interface Erased {
  /** UUIDv7 of the erasure; undefined for a look. */
  readonly id?: string
  /** Person id. */
  readonly person: string
  /** How many of what. */
  readonly counts: Readonly<Record<string, number>>
}

/** What erasing works with. */
export interface ErasureParts {
  readonly people: People
  readonly subjects: Subjects
  readonly approvals: Pick<Approvals, 'list' | 'voidForPerson'>
  readonly amendments: Pick<Amendments, 'voidForPerson'>
  readonly upstreamTokens: Pick<UpstreamTokenStore, 'list' | 'disconnect'>
}

/** One erasure as its first record tells it: enough to complete it. */
export interface Begun {
  readonly id: string
  readonly person: string
  readonly basis: string
  /** Who does it: a person id. */
  readonly by: string
  readonly before?: number
  /** Number of the key that there was after it, where the log says that it was done already. */
  readonly epoch?: number
}

interface Hook {
  readonly name: string
  /** Brings what is on its way to where it is erased. */
  readonly before?: () => Promise<unknown>
  readonly after?: (person: string) => Promise<number>
}

/**
 * Erasures and holds. The record that begins one is durable before anything is destroyed, and one is completed by the next start if
 * this one does not come to it. INVARIANT: no leaf of the log changes, so every proof verifies as before.
 */
export class Erasures {
  readonly #ports: AuthorityPorts
  readonly #parts: ErasureParts
  readonly #turns = new Turns()
  readonly #hooks: Hook[] = []

  constructor(ports: AuthorityPorts, parts: ErasureParts) {
    this.#ports = ports
    this.#parts = parts
  }

  /** Has `before` run ahead of each erasure: what is queued is written first, so that it is erased with the rest. */
  onErasing(name: string, before: () => Promise<unknown>): void {
    this.#hooks.push({ name, before })
  }

  /** Has `after` run once the key of a person (an id) is gone; it answers how much it deleted. Repeating it does no harm. */
  onErased(name: string, after: (person: string) => Promise<number>): void {
    this.#hooks.push({ name, after })
  }

  /** What an erasure would reach, without doing it. Throws as `erase` does. */
  async look(ask: Omit<ErasureAsk, 'reason'>): Promise<Erased> {
    const { id } = this.#checked(ask)
    return { person: id, counts: await this.#counts(id, ask.before) }
  }

  /** Erases; `by` is the person (id) who does it. Throws `erasure.*` and `person.unknown`, and does nothing then. */
  erase(ask: ErasureAsk, by: string): Promise<Erased> {
    return this.#turns.run(async () => {
      const reason = checkedReason(ask.reason)
      const person = this.#checked(ask).id
      if (person === by)
        throw erasureFault('erasure.own', 'nobody erases what is kept of themselves')
      const { before, basis } = ask
      const { audit, clock, entropy } = this.#ports
      for (const hook of this.#hooks) await hook.before?.()
      const id = uuidv7(clock, entropy)
      const begun: Begun = { id, person, basis, by, ...(before !== undefined && { before }) }
      const receipt = await audit.append({
        type: 'erasure.begun',
        phase: 'admin',
        person: by,
        body: { ...bodyOf(begun), reason },
      })
      return { id, person, counts: await this.#complete(begun, receipt) }
    })
  }

  /** Completes an erasure that the log says was begun, or that an older database does not know. */
  complete(begun: Begun, receipt: Receipt): Promise<Readonly<Record<string, number>>> {
    return this.#turns.run(() => this.#complete(begun, receipt))
  }

  /** Keeps whatever is kept of a person from being erased, until it is released. */
  hold(of: string, { person, reason }: { person: string; reason: string }): Promise<void> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const { id } = this.#find(of)
      const { audit, clock } = this.#ports
      const { subjects } = this.#parts
      await subjects.ready(id)
      const body = { subject: id, reason: why }
      const receipt = await audit.append({ type: 'subject.held', phase: 'admin', person, body })
      await subjects.setHold(id, { leaf: receipt.leaf, person, at: clock.now() }, receipt)
    })
  }

  /** Ends a hold. Throws `erasure.not_held`. */
  release(of: string, { person, reason }: { person: string; reason: string }): Promise<void> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const { id } = this.#find(of)
      const { subjects } = this.#parts
      if (subjects.get(id)?.hold === undefined) {
        throw erasureFault('erasure.not_held', 'nothing is held of this person')
      }
      const body = { subject: id, reason: why }
      const receipt = await this.#ports.audit.append({
        type: 'subject.released',
        phase: 'admin',
        person,
        body,
      })
      await subjects.setHold(id, undefined, receipt)
    })
  }

  #checked({ person, before, basis }: Omit<ErasureAsk, 'reason'>): Person {
    if (!BASIS.test(basis)) {
      throw erasureFault('erasure.basis', 'the basis is 1 to 64 small letters, digits, `.` and `-`')
    }
    if (before !== undefined && !(before > 0 && before <= this.#ports.clock.now())) {
      throw erasureFault('erasure.before', 'the date is not over')
    }
    const found = this.#find(person)
    if (this.#parts.subjects.get(found.id)?.hold !== undefined) {
      throw erasureFault('erasure.held', 'what is kept of this person is held')
    }
    return found
  }

  /** Who has left is found as well: they are who mostly asks. */
  #find(idOrName: string): Person {
    const { people } = this.#parts
    const known = people.known(idOrName) ?? people.list().find(({ name }) => name === idOrName)
    return known ?? people.find(idOrName)
  }

  async #counts(person: string, before: number | undefined): Promise<Record<string, number>> {
    const { approvals, upstreamTokens } = this.#parts
    const rows = await this.#ports.store.payloads.all({ subject: person })
    const payloads = rows.filter(({ doc }) => before === undefined || doc.createdAt < before).length
    if (before !== undefined) return { payloads }
    const held = approvals.list().filter(({ delegation }) => delegation?.person === person).length
    return { payloads, held_calls: held, consents: upstreamTokens.list({ person }).length }
  }

  async #complete(begun: Begun, receipt: Receipt): Promise<Readonly<Record<string, number>>> {
    const { audit, store } = this.#ports
    const counts =
      begun.before === undefined
        ? await this.#destroy(begun, receipt)
        : { payloads: await this.#prune(begun.person, begun.before) }
    await store.scrub()
    const epoch = this.#parts.subjects.get(begun.person)?.epoch ?? 0
    await audit.append({
      type: 'erasure.done',
      phase: 'admin',
      ...(begun.by !== '' && { person: begun.by }),
      body: { ...bodyOf(begun), epoch, counts },
    })
    return counts
  }

  #prune(person: string, before: number): Promise<number> {
    const below = { column: 'created_at', value: before }
    return this.#ports.store.payloads.remove({ subject: person }, below)
  }

  async #destroy({ person, by, epoch }: Begun, receipt: Receipt): Promise<Record<string, number>> {
    const { store } = this.#ports
    const { amendments, approvals, people, subjects, upstreamTokens } = this.#parts
    // Before the key goes: what waits for people could not be shown to them any more, and must not be approved unseen.
    const why = 'what is kept of its person was erased'
    const held_calls = await approvals.voidForPerson(person, why)
    await amendments.voidForPerson(person, why)
    const left = people.known(person)?.state === 'left'
    const consents = left ? upstreamTokens.list({ person }) : []
    for (const { system } of consents) {
      await upstreamTokens.disconnect({ system, person }, { person: by, reason: 'erased' })
    }
    const { shown, payloads, rows } = await store.atomically(async (tables) => ({
      payloads: await tables.payloads.remove({ subject: person }),
      rows: await emptyWords(tables, person, receipt),
      shown: await subjects.destroy(tables, person, {
        next: !left,
        receipt,
        ...(epoch !== undefined && { epoch }),
      }),
    }))
    shown()
    if (left) await people.strip(person, receipt)
    const counts: Record<string, number> = { payloads, rows, held_calls, consents: consents.length }
    for (const { name, after } of this.#hooks) {
      if (after !== undefined) counts[name] = await after(person)
    }
    return counts
  }
}

function bodyOf({ id, person, basis, before }: Begun): JsonObject {
  return {
    erasure: id,
    subject: person,
    basis,
    scope: before === undefined ? 'everything' : 'payloads',
    ...(before !== undefined && { before }),
  }
}
