// Holds how large a model is: the parts that there are, the faults that may come, and the bug that was planted.

/** What a call needs: an approval that is good for one call, or none. `probe`: asked once the faults have stopped. */
export type CallKind = 'gated' | 'plain' | 'probe'

/** What may go wrong. */
export const FAULTS = [
  /** A connection breaks: what is under way on it is lost, and each end learns of it at its own time. */
  'loss',
  /** An end gives a connection up: what it had sent may still arrive. */
  'close',
  /** Control ends, and starts again with what was durable. */
  'crash',
  /** A gateway ends, and starts again with nothing. */
  'kill',
  /** A message arrives twice. */
  'twice',
  /** The wall clock of a gateway's machine jumps. */
  'jump',
  /** A gateway's machine sleeps: its monotonic clock stands still. */
  'sleep',
  /** The database gives control's turn to a standby, and the one before has not heard of it. */
  'takeover',
] as const

export type FaultKind = (typeof FAULTS)[number]

/** Mistakes that could be made, each of which the explorer has to find. */
export const BUGS = {
  leaseFromAnswer: 'the lease is measured from the answer to a ping instead of its sending',
  noCheckAtGo: 'control does not ask its locks once more before it lets a call go',
  consumeAfterIntent: 'an approval is marked as spent after the intent is durable',
  receiptBeforeCut: 'a gateway confirms a lock before it has ended what that denies',
  numbersReused: 'a gateway hears messages of its last connection, whose numbers it counts anew',
  goTwice: 'a gateway does not remember that it has sent a call',
  pushLater: 'a lock is pushed in a later turn than that in which it is in force',
  uncheckedStream: 'a stream is cut by a timer alone, and not asked about before each write',
  deposedAnswers: 'a control that has lost its turn answers pings',
  deposedRecords: 'a control that has lost its turn records outcomes',
  monotonicOnly: 'the lease is measured by the monotonic clock alone',
  wallOnly: 'the lease is measured by the wall clock alone',
  noFullView: 'a connection that is taken up again brings no full view of the locks',
  spentTwice: 'an approval that two calls wait for is handed to both',
  refusedAtLoss: 'a call that had gone is recorded as refused when its connection breaks',
  openAtLoss: 'a call that had gone is forgotten when its connection breaks',
  openAtStart: 'control does not look for open intents when it starts',
  earlyEndIgnored:
    'control does not hear that a call has ended at its gateway before its intent was durable',
  neverTrusted: 'a gateway whose clock went backwards never trusts it again',
  neverNoticed: 'a gateway does not notice that its connection is dead',
} as const

export type Bug = keyof typeof BUGS

/** A model's size. Times are ticks. */
export interface Bounds {
  /** A view that is older is worth nothing. */
  readonly lease: number
  /** How far a gateway's clock may be from control's. */
  readonly drift: number
  /** How far a clock jumps. */
  readonly jump: number
  readonly gateways: 1 | 2
  readonly calls: readonly CallKind[]
  /** Pings of a gateway that are not answered yet. */
  readonly pings: number
  /** Faults altogether, of these kinds. */
  readonly faults: number
  readonly kinds: readonly FaultKind[]
  /** Whether a call can be a stream, which is written to more than once. */
  readonly streams: boolean
  /** Whether the agent may be locked, at any time, and the lock be lifted again. */
  readonly lock: 'none' | 'stays' | 'lifted'
  readonly bug?: Bug
}
