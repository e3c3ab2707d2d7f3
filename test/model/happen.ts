// Holds what an event of the model does to what is known of it, judged by the invariants that real runs are judged by.

import type { Bounds } from './bounds.ts'
import {
  isViolation,
  judgeApproval,
  judgeQuiet,
  judgeUnderLock,
  seeCall,
  type CallEvent,
  type LockSeen,
} from './invariants.ts'
import type { Call, State } from './state.ts'

/** An event of a call, without its time and name. */
type Told = CallEvent extends infer E
  ? E extends CallEvent
    ? Omit<E, 'at' | 'call'>
    : never
  : never

/** Lets an event of a call happen in a state, whose `wrong` then says what it broke. */
export function happen(state: State, bounds: Bounds, call: Call, told: Told): void {
  const name = `${call.kind} call`
  const event = { ...told, at: 0, call: name } as CallEvent
  const word = seeCall(call.seen, event)
  if (isViolation(word)) state.wrong ??= word
  else call.seen = word
  // Every call of the model is the one agent's, and the lock is on that.
  if (state.lock === 'on') state.wrong ??= judgeUnderLock(lockOf(state), event, bounds.lease)
  if (event.kind !== 'write' || !call.spent) return
  const sent = state.calls.filter(({ spent, seen }) => spent && seen.written > 0)
  state.wrong ??= judgeApproval('the approval', sent.length)
}

/** Judges a state as a whole: once control is up and has nothing under way, no intent is open. */
export function judgeState(state: State): void {
  const { calls, deposed, up } = state
  const quiet = calls.every(({ stage }) => stage === 'none' || stage === 'over' || stage === 'lost')
  if (!up || deposed !== 'none' || !quiet) return
  for (const { kind, seen } of calls) state.wrong ??= judgeQuiet(`${kind} call`, seen)
}

/** The lock, with time counted from now. */
function lockOf({ lockAge, gateways }: State): LockSeen {
  const confirmed = gateways.flatMap((gateway, index) => (gateway.confirmed ? [nameAt(index)] : []))
  return {
    id: 'the lock',
    added: -lockAge,
    by: 'active',
    lifted: false,
    confirmed: new Set(confirmed),
  }
}

/** Name of a gateway in events and traces. */
export function nameAt(index: number): string {
  return `gateway ${'AB'[index]}`
}
