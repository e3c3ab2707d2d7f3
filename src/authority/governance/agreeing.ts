// Holds how a change of who governs is agreed to: two administrators; where there is one alone, time stands in for the second.

import type { Fault } from '../../std/fault.ts'
import type { GovernanceChange } from '../../store/rows/governance.ts'
import type { Person } from '../../store/rows/person.ts'
import { fault } from './faults.ts'
import { concerned } from './weight.ts'

/** How long somebody waits who is alone and was not from the beginning (ms). */
const DAY_MS = 86_400_000
/** Administrators whom a change remembers; who is beyond that is no second. */
const ABLE_MAX = 64

/** The people who have this role by these roles of theirs, by their id, sorted. */
export function administrators(
  people: readonly Person[],
  rolesOf: (person: Person) => readonly string[],
): readonly string[] {
  return people
    .filter((person) => rolesOf(person).includes('administrator'))
    .map(({ id }) => id)
    .sort()
    .slice(0, ABLE_MAX)
}

/** Who is there now, and how long a person waits who was alone from the beginning (ms). */
export interface AgreeRule {
  /** Ids of who administers now and is not locked; where that is nobody, of who administers. */
  readonly able: readonly string[]
  readonly delayMs: number
}

/** What a word does: both are there; one waits for the other, or for a time; or it is refused. */
export type Agree =
  | { readonly does: 'agree'; readonly how: 'two' | 'alone' }
  | { readonly does: 'wait'; readonly from: number | null }
  | { readonly does: 'refuse'; readonly why: Fault }

type Weighed = Pick<GovernanceChange, 'what' | 'proposed' | 'able' | 'from'>

/** Who could be the second now: an administrator from before, still one, not locked, not who proposed it, and not whom it is about. */
function seconds({ what, proposed, able }: Weighed, now: readonly string[]): readonly string[] {
  const about = concerned(what)
  return able.filter((id) => now.includes(id) && id !== proposed.person && id !== about)
}

/** Weighs the first word: of whoever proposes. */
export function weighFirst(change: Weighed, { able, delayMs }: AgreeRule, now: number): Agree {
  const by = change.proposed.person
  if (!able.includes(by)) return refuse('who proposes this administers, and is not locked')
  if (seconds(change, able).length > 0) return { does: 'wait', from: null }
  const wait = change.able.every((id) => id === by) ? delayMs : DAY_MS
  return wait === 0 ? { does: 'agree', how: 'alone' } : { does: 'wait', from: now + wait }
}

/** Weighs a word on a change that waits. */
export function weighSecond(
  change: Weighed,
  person: string,
  { able }: AgreeRule,
  now: number,
): Agree {
  const by = change.proposed.person
  if (!able.includes(by))
    return refuse('who proposed it does not administer any more, or is locked')
  const left = seconds(change, able)
  if (person !== by) {
    if (left.includes(person)) return { does: 'agree', how: 'two' }
    if (person === concerned(change.what)) return { does: 'refuse', why: about() }
    return refuse('who agrees administered when it was proposed and still does, and is not locked')
  }
  if (left.length > 0) return refuse('somebody else has to agree')
  // Others were there when it was proposed: for who is alone since, time begins now.
  if (change.from === null) return { does: 'wait', from: now + DAY_MS }
  if (now >= change.from) return { does: 'agree', how: 'alone' }
  return { does: 'refuse', why: fault('governance.wait', 'it is too early for a person alone') }
}

/** Why this person may not end a change that waits; undefined where they may. Whoever proposed it takes it back. */
export function whyKept(
  change: Weighed,
  person: string,
  { able }: Pick<AgreeRule, 'able'>,
): Fault | undefined {
  if (person === change.proposed.person) return undefined
  if (person === concerned(change.what)) return about()
  if (able.includes(person)) return undefined
  return fault('governance.second', 'who is locked refuses nothing')
}

function about(): Fault {
  return fault('governance.concerned', 'whom a change is about has no say in it')
}

function refuse(detail: string): Agree {
  return { does: 'refuse', why: fault('governance.second', detail) }
}
