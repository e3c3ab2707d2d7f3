// Holds what control does in the model: calls admitted, recorded and let go, the lock, its end, and its turn lost to another.

import type { Bounds } from './bounds.ts'
import { happen } from './happen.ts'
import type { Call, Gateway, Link, State } from './state.ts'

/** A control's end of a connection, with the state it is in. */
export interface ControlEnd {
  readonly state: State
  readonly bounds: Bounds
  readonly index: number
  readonly gateway: Gateway
  readonly link: Link
  /** Which connection of its gateway this is. */
  readonly on: 'link' | 'old'
}

/** Control hears a message. */
export function controlHears(end: ControlEnd, letter: string, number: string): void {
  if (end.link.control === 'deposed') return deposedHears(end, letter, number)
  const { state, link } = end
  if (letter === 'h') return welcome(end)
  if (letter === 'p') return answerPing(link, number)
  const call = callOf(end, number)
  if (call === undefined) return
  if (letter === 'c' && call.stage === 'none') {
    if (state.lock === 'on') return refuse(end, call)
    call.stage = call.kind === 'gated' ? 'held' : 'admitted'
  } else if (letter === 'r' && call.stage === 'ready') {
    letGo(end, call)
  } else if ('adx'.includes(letter)) {
    hearEnd(end, call, letter)
  }
}

/** A call has ended at its gateway, which may be before it was recorded here: a lock that was lifted again ends it there alone. */
function hearEnd(end: ControlEnd, call: Call, letter: string): void {
  if (call.stage === 'ready' || call.stage === 'gone')
    return conclude(end, call, letter === 'a' ? 'done' : letter === 'd' ? 'refused' : 'unknown')
  if (end.bounds.bug === 'earlyEndIgnored') return
  call.stage = 'over'
  call.on = 'none'
}

/** What a control that has lost its turn still does: whatever needs the database ends it. */
function deposedHears(end: ControlEnd, letter: string, number: string): void {
  const { state, bounds, link } = end
  const call = callOf(end, number)
  if (letter === 'h') return send(link, `w${state.deposed === 'locked' ? 1 : 0}`)
  // A ping is answered once the database has said, after the ping arrived, that the turn is still this process's.
  if (letter === 'p' && bounds.bug === 'deposedAnswers') return answerPing(link, number)
  if (letter === 'r' && call?.stage === 'ready' && state.deposed === 'free') {
    happen(state, bounds, call, { kind: 'go', control: 'deposed' })
    call.stage = 'gone'
    return send(link, `g${call.n}`)
  }
  if (bounds.bug === 'deposedRecords' && call !== undefined && 'adx'.includes(letter))
    return conclude(end, call, letter === 'a' ? 'done' : letter === 'd' ? 'refused' : 'unknown')
  endDeposed(state)
}

/** A gateway has connected: whatever it had here before is over, and it gets the full view. */
function welcome({ state, bounds, gateway, link, index }: ControlEnd): void {
  const { old } = gateway
  if (old !== undefined && old !== link && old.control === 'active') {
    concludeOn(state, bounds, index, 'old')
    gateway.old = undefined
  }
  if (bounds.bug === 'noFullView') return send(link, 'w2')
  send(link, `w${state.lock === 'on' ? 1 : 0}`)
}

function answerPing(link: Link, id: string): void {
  send(link, `o${id}`)
}

/** The locks once more, and then the call goes. */
function letGo(end: ControlEnd, call: Call): void {
  const { state, bounds, link } = end
  if (state.lock === 'on' && bounds.bug !== 'noCheckAtGo') {
    conclude(end, call, 'refused')
    return send(link, `e${call.n}`)
  }
  happen(state, bounds, call, { kind: 'go', control: 'active' })
  call.stage = 'gone'
  send(link, `g${call.n}`)
}

function refuse({ link }: ControlEnd, call: Call): void {
  call.stage = 'over'
  call.on = 'none'
  send(link, `e${call.n}`)
}

function conclude(
  { state, bounds }: Pick<ControlEnd, 'state' | 'bounds'>,
  call: Call,
  said: 'done' | 'refused' | 'unknown',
): void {
  happen(state, bounds, call, { kind: 'outcome', said })
  call.stage = 'over'
  call.on = 'none'
}

/** Ends what came on a connection that is no more: what had gone may have run. */
export function concludeOn(state: State, bounds: Bounds, index: number, on: 'link' | 'old'): void {
  for (const call of state.calls) {
    if (call.at !== index || call.on !== on) continue
    // What the deposed control knew was concluded by whoever took its turn.
    if (call.deposed || call.stage === 'held' || call.stage === 'admitted') call.stage = 'over'
    else if (call.stage === 'ready') conclude({ state, bounds }, call, 'refused')
    else if (call.stage === 'gone' && bounds.bug === 'openAtLoss') call.stage = 'over'
    else if (call.stage === 'gone')
      conclude({ state, bounds }, call, bounds.bug === 'refusedAtLoss' ? 'refused' : 'unknown')
    else call.stage = 'over'
    call.on = 'none'
  }
}

/** The approval is spent on a call that waits for it. */
export function spend(state: State, bounds: Bounds, call: Call): void {
  call.stage = 'admitted'
  call.spent = true
  if (bounds.bug === 'spentTwice') return
  state.approval = bounds.bug === 'consumeAfterIntent' ? 'marked' : 'spent'
}

/** The intent is durable, and the call's credential is on its way to the gateway. */
export function intend(state: State, bounds: Bounds, call: Call, link: Link | undefined): void {
  happen(state, bounds, call, { kind: 'intent', locks: ['the lock'] })
  call.stage = 'ready'
  send(link, `y${call.n}`)
}

/** The lock is durable, in force in memory, and pushed, in one turn; what waits is ended, and the approval void. */
export function addLock(state: State, bounds: Bounds): void {
  state.lock = 'on'
  state.lockAge = 0
  state.approval = 'spent'
  for (const call of state.calls) {
    if (call.deposed || (call.stage !== 'held' && call.stage !== 'admitted')) continue
    call.stage = 'over'
    send(linkOf(state, call), `e${call.n}`)
    call.on = 'none'
  }
  if (bounds.bug === 'pushLater') state.pushing = true
  else push(state, 'l0')
}

/** The lock is no more. */
export function liftLock(state: State): void {
  state.lock = 'lifted'
  state.lockAge = 0
  for (const gateway of state.gateways) gateway.confirmed = false
  push(state, 'u0')
}

/** Sends to every gateway that has been welcomed. */
export function push(state: State, message: string): void {
  for (const { link, old } of state.gateways) {
    for (const one of [link, old]) {
      if (one?.control === 'active' && !one.up.startsWith('h')) send(one, message)
    }
  }
}

/** The process ends; what is durable stays. Intents that are open are found when the next one starts. */
export function crash(state: State): void {
  state.up = false
  state.pushing = false
  if (state.approval === 'marked') state.approval = 'given'
  leave(state, 'active')
}

/** The process starts, or another takes the turn: every intent without an outcome gets one before anything is served. */
export function start(state: State, bounds: Bounds): void {
  state.up = true
  if (bounds.bug === 'openAtStart') return
  for (const call of state.calls) {
    if (call.seen.intended && call.seen.outcome === 'none')
      happen(state, bounds, call, { kind: 'outcome', said: 'unknown' })
    if (call.stage === 'lost') call.stage = 'over'
  }
}

/** Another process has the turn, and this one has not heard of it. */
export function depose(state: State, bounds: Bounds): void {
  state.deposed = state.lock === 'on' ? 'locked' : 'free'
  if (state.approval === 'marked') state.approval = 'given'
  for (const { link, old } of state.gateways) {
    for (const one of [link, old]) if (one?.control === 'active') one.control = 'deposed'
  }
  for (const call of state.calls) {
    if (call.stage !== 'none' && call.stage !== 'over') call.deposed = true
  }
  start(state, bounds)
}

/** The control that lost its turn has noticed, and ends. */
export function endDeposed(state: State): void {
  state.deposed = 'none'
  leave(state, 'deposed')
}

/** Every connection of a process ends with it; what it had sent may still arrive. */
function leave(state: State, control: 'active' | 'deposed'): void {
  for (const gateway of state.gateways) {
    if (gateway.link?.control === control) {
      gateway.link.control = 'none'
      gateway.link.up = ''
    }
    if (gateway.old?.control === control) gateway.old = undefined
  }
  for (const call of state.calls) {
    if (call.deposed !== (control === 'deposed') || call.stage === 'none') continue
    const open = call.seen.intended && call.seen.outcome === 'none'
    call.stage = open ? 'lost' : 'over'
    call.on = 'none'
    call.deposed = false
  }
}

/** The call that a number stands for on a connection. */
function callOf({ state, index, on }: ControlEnd, number: string): Call | undefined {
  return state.calls.find((call) => call.at === index && call.on === on && `${call.n}` === number)
}

/** The connection on which control knows a call. */
export function linkOf(state: State, call: Call): Link | undefined {
  const gateway = state.gateways[call.at]
  return call.on === 'none' ? undefined : gateway?.[call.on]
}

/** Nothing arrives on a connection that is broken or that the gateway has left. */
export function send(link: Link | undefined, message: string): void {
  if (link !== undefined && !link.cut && !link.left && link.control !== 'none') link.down += message
}
