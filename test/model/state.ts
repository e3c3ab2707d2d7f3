// Holds a state of the model: control, gateways, connections and calls, with all times relative to now.

import type { Bounds, CallKind, FaultKind } from './bounds.ts'
import { NOTHING_SEEN, type CallSeen, type Violation } from './invariants.ts'

/**
 * A connection. Messages are two characters, a letter and a number: in order, each way.
 * Up: `h` hello, `p` ping, `c` call, `r` readied, `a` answered, `d` denied unsent, `x` cut.
 * Down: `w` full view, `o` pong, `y` ready, `g` go, `e` ended, `l` lock, `u` unlock.
 */
export interface Link {
  /** Which control has its other end, if that is still open there. */
  control: 'active' | 'deposed' | 'none'
  /** What was under way is lost, and nothing arrives any more. */
  cut: boolean
  /** The gateway has closed its end. */
  left: boolean
  /** The gateway has had the full view on it. */
  welcomed: boolean
  up: string
  down: string
}

/** A ping that was not answered, by its age on both clocks. */
export interface Ping {
  readonly id: string
  readonly mono: number
  readonly wall: number
}

/** A gateway and the clocks of its machine. */
export interface Gateway {
  running: boolean
  asleep: boolean
  /** Age of the view by the monotonic clock; older than the lease where there is none. */
  mono: number
  /** The same by the wall clock. */
  wall: number
  /** How far its wall clock is ahead of control's. */
  off: number
  /** How far its wall clock is behind the latest time that it has seen; below zero where it is ahead of that. */
  behind: number
  pings: readonly Ping[]
  /** Its own copy of the lock. */
  locked: boolean
  /** For `receiptBeforeCut`: confirmed, and not cut yet. */
  owing: boolean
  /** For `neverTrusted`. */
  untrusted: boolean
  link: Link | undefined
  /** The connection before, which control has not seen the end of. */
  old: Link | undefined
  /** It has confirmed the lock. */
  confirmed: boolean
  /** Nothing can go wrong at it any more: it is not followed further. */
  done: boolean
}

/** A call, as control and its gateway know it. */
export interface Call {
  readonly kind: CallKind
  /** Index of its gateway; -1: not asked yet. */
  at: number
  /** Its number on the connection it was asked on. */
  n: number
  /** Which connection of its gateway that is. */
  on: 'link' | 'old' | 'none'
  /** How far control is with it. `lost`: the process that knew it has ended. */
  stage: 'none' | 'held' | 'admitted' | 'ready' | 'gone' | 'over' | 'lost'
  /** The control that knows it has lost its turn. */
  deposed: boolean
  /** How far its gateway is with it. */
  here: 'none' | 'asked' | 'ready' | 'open' | 'over'
  /** Sent on a connection that is no more. */
  orphan: boolean
  /** It has spent the approval. */
  spent: boolean
  /** It was written to after its beginning. */
  more: boolean
  /** It ran, and its agent has the answer. */
  answered: boolean
  seen: CallSeen
}

export interface State {
  /** Control, by what is in its memory and on its disk. */
  up: boolean
  lock: 'none' | 'on' | 'lifted'
  lockAge: number
  /** For `pushLater`. */
  pushing: boolean
  /** `marked`: as spent, in memory alone (`consumeAfterIntent`). */
  approval: 'none' | 'given' | 'marked' | 'spent'
  /** A control that has lost its turn, and the lock as it knows it. */
  deposed: 'none' | 'free' | 'locked'
  gateways: Gateway[]
  calls: Call[]
  /** Faults that may still come. */
  faults: number
  /** No fault comes any more, and what is broken is put right. */
  calm: boolean
  wrong: Violation | undefined
}

/** The state in which everything begins. */
export function beginning({ lease, gateways, calls, faults }: Bounds): State {
  return {
    up: true,
    lock: 'none',
    lockAge: 0,
    pushing: false,
    approval: 'none',
    deposed: 'none',
    gateways: Array.from({ length: gateways }, () => connected(newGateway(lease, 0))),
    calls: calls.map((kind) => newCall(kind)),
    faults,
    calm: false,
    wrong: undefined,
  }
}

/** A gateway whose view is of this moment. */
function connected(gateway: Gateway): Gateway {
  const link: Link = {
    control: 'active',
    cut: false,
    left: false,
    welcomed: true,
    up: '',
    down: '',
  }
  return { ...gateway, mono: 0, wall: 0, link }
}

/** A gateway that has just started, on a machine whose clock is off. */
export function newGateway(lease: number, off: number): Gateway {
  return {
    running: true,
    asleep: false,
    mono: lease + 1,
    wall: lease + 1,
    off,
    behind: 0,
    pings: [],
    locked: false,
    owing: false,
    untrusted: false,
    link: undefined,
    old: undefined,
    confirmed: false,
    done: false,
  }
}

/** A call that nobody has asked for. */
export function newCall(kind: CallKind): Call {
  return {
    kind,
    at: -1,
    n: 0,
    on: 'none',
    stage: 'none',
    deposed: false,
    here: 'none',
    orphan: false,
    spent: false,
    more: false,
    answered: false,
    seen: NOTHING_SEEN,
  }
}

/** A copy that may be changed. What is read-only is shared. */
export function copyOf(state: State): State {
  return {
    ...state,
    gateways: state.gateways.map((gateway) => ({
      ...gateway,
      link: gateway.link && { ...gateway.link },
      old: gateway.old && { ...gateway.old },
    })),
    calls: state.calls.map((call) => ({ ...call })),
  }
}

/** Whether faults of a kind may still come. */
export function mayCome(state: State, bounds: Bounds, kind: FaultKind): boolean {
  return state.faults > 0 && !state.calm && bounds.kinds.includes(kind)
}
