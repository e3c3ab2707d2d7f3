// Holds what has to be true of locks, leases, approvals and grants over many gateways, as functions of events alone.
// The model judges each of its states by them, and whoever runs real processes judges what those said by the same.

/** Something that happened, by one clock that all parts share: ticks in the model, milliseconds of the machine in a run. */
export type GatewayEvent = { readonly at: number } & (
  | { readonly kind: 'lock' | 'unlock'; readonly lock: string; readonly control: string }
  /** A gateway says that the lock is in force there, and that what it denies has ended. */
  | { readonly kind: 'confirm'; readonly lock: string; readonly gateway: string }
  /** The intent of a call is durable. `locks`: those that would deny it, had they been added. */
  | {
      readonly kind: 'intent'
      readonly call: string
      readonly locks: readonly string[]
      /** The approval or grant that it spends, where it needs one. */
      readonly approval?: string
    }
  /** Control lets the call go: it asked its locks once more. */
  | { readonly kind: 'go'; readonly call: string; readonly control: string }
  /** A gateway sends the call to its system: its beginning, or more of what streams. */
  | { readonly kind: 'write' | 'more'; readonly call: string; readonly gateway: string }
  /** `refused`: the record says that nothing was sent. */
  | {
      readonly kind: 'outcome'
      readonly call: string
      readonly said: 'done' | 'refused' | 'unknown'
    }
)

/** What is wrong, by the invariant's name. */
export interface Violation {
  readonly rule: Rule
  readonly detail: string
}

/** The invariants, in the words that pages and traces use. */
export const RULES = {
  'within the bound': 'nothing is sent later than the lease after its lock',
  'none after the receipt': 'nothing is sent by a gateway that confirmed the lock',
  'no go after the lock': 'the control that took a lock lets nothing go that it denies',
  'recorded first': 'nothing is sent before its intent is durable',
  'once for one call': 'a call is sent at most once',
  'once for one approval': 'an approval or grant is spent by one call at most',
  'one outcome': 'an intent has one outcome at most, and nothing else has one',
  'none left open': 'every intent has its outcome once control is up and quiet',
  'the record is true': 'a call is not sent whose record says that it was not',
} as const

export type Rule = keyof typeof RULES

/** What is known of one call. */
export interface CallSeen {
  readonly intended: boolean
  readonly written: number
  readonly outcome: 'none' | 'done' | 'refused' | 'unknown'
}

export const NOTHING_SEEN: CallSeen = { intended: false, written: 0, outcome: 'none' }

/** What is known of one lock. */
export interface LockSeen {
  readonly id: string
  readonly added: number
  /** The control that took it. */
  readonly by: string
  readonly lifted: boolean
  readonly confirmed: ReadonlySet<string>
}

/** Events that are about one call. */
export type CallEvent = Extract<GatewayEvent, { readonly call: string }>

/** What is known of a call after one more event, or what is wrong with that event. */
export function seeCall(seen: CallSeen, event: CallEvent): CallSeen | Violation {
  switch (event.kind) {
    case 'intent':
      return { ...seen, intended: true }
    case 'go':
    case 'more':
      return seen
    case 'write':
      if (!seen.intended) return violation('recorded first', event.call)
      if (seen.written > 0) return violation('once for one call', event.call)
      if (seen.outcome === 'refused') return violation('the record is true', event.call)
      return { ...seen, written: seen.written + 1 }
    case 'outcome':
      if (!seen.intended || seen.outcome !== 'none') return violation('one outcome', event.call)
      if (event.said === 'refused' && seen.written > 0)
        return violation('the record is true', event.call)
      return { ...seen, outcome: event.said }
  }
}

/** What is wrong with an event of a call that a lock denies, which was added before. `bound`: how long a gateway may not know of it. */
export function judgeUnderLock(
  lock: LockSeen,
  event: CallEvent,
  bound: number,
): Violation | undefined {
  if (lock.lifted) return undefined
  if (event.kind === 'go' && event.control === lock.by)
    return violation('no go after the lock', `${event.call}, ${lock.id}`)
  if (event.kind !== 'write' && event.kind !== 'more') return undefined
  const late = event.at - lock.added
  if (late > bound) return violation('within the bound', `${event.call}, ${late} after ${lock.id}`)
  if (!lock.confirmed.has(event.gateway)) return undefined
  return violation('none after the receipt', `${event.call}, ${event.gateway}, ${lock.id}`)
}

/** What is wrong with an approval: the calls that spent it, and those among them that were sent. */
export function judgeApproval(approval: string, sent: number): Violation | undefined {
  return sent > 1 ? violation('once for one approval', approval) : undefined
}

/** What is wrong with a call at the end, when control is up and quiet. */
export function judgeQuiet(call: string, seen: CallSeen): Violation | undefined {
  return seen.intended && seen.outcome === 'none' ? violation('none left open', call) : undefined
}

/** Whether the word is that something is wrong. */
export function isViolation(word: CallSeen | Violation): word is Violation {
  return 'rule' in word
}

/** How a whole run is judged. */
export interface Judged {
  /** How long after a lock a gateway may not know of it: the lease, and what reading the clocks may be off by. */
  readonly bound: number
  /** Whether the events end with control up and nothing under way. */
  readonly quiet: boolean
}

/** Everything that is wrong with a run. Events in the order in which they happened. */
export function judge(events: readonly GatewayEvent[], { bound, quiet }: Judged): Violation[] {
  const wrong: Violation[] = []
  const locks = new Map<string, LockSeen>()
  const calls = new Map<string, CallSeen>()
  const subject = new Map<string, readonly string[]>()
  const spending = new Map<string, string>()
  const spent = new Map<string, Set<string>>()
  for (const event of events) {
    if (!('call' in event)) {
      seeLock(locks, event)
      continue
    }
    const word = seeCall(calls.get(event.call) ?? NOTHING_SEEN, event)
    if (isViolation(word)) wrong.push(word)
    else calls.set(event.call, word)
    if (event.kind === 'intent') {
      subject.set(event.call, event.locks)
      if (event.approval !== undefined) spending.set(event.call, event.approval)
    }
    const standing = (subject.get(event.call) ?? []).flatMap((id) => locks.get(id) ?? [])
    wrong.push(...standing.flatMap((lock) => judgeUnderLock(lock, event, bound) ?? []))
    const approval = spending.get(event.call)
    if (event.kind !== 'write' || approval === undefined) continue
    const sent = (spent.get(approval) ?? new Set()).add(event.call)
    spent.set(approval, sent)
    wrong.push(...[judgeApproval(approval, sent.size) ?? []].flat())
  }
  if (!quiet) return wrong
  return [...wrong, ...[...calls].flatMap(([call, seen]) => judgeQuiet(call, seen) ?? [])]
}

function seeLock(
  locks: Map<string, LockSeen>,
  event: Exclude<GatewayEvent, { readonly call: string }>,
): void {
  const before = locks.get(event.lock)
  if (event.kind === 'lock') {
    const { lock: id, at: added, control: by } = event
    locks.set(id, { id, added, by, lifted: false, confirmed: new Set() })
  } else if (before !== undefined && event.kind === 'unlock') {
    locks.set(event.lock, { ...before, lifted: true })
  } else if (before !== undefined && event.kind === 'confirm') {
    locks.set(event.lock, {
      ...before,
      confirmed: new Set([...before.confirmed, event.gateway]),
    })
  }
}

function violation(rule: Rule, detail: string): Violation {
  return { rule, detail }
}
