// Holds every step that may come next in a state of the model: what parts do, what the network does, and what goes wrong.

import { mayCome, copyOf, newCall, newGateway, type Link, type State } from './state.ts'
import type { Bounds, FaultKind } from './bounds.ts'
import { settle } from './settle.ts'
import * as control from './control.ts'
import * as gates from './gateway.ts'
import type { At } from './gateway.ts'
import { judgeState, nameAt } from './happen.ts'

/** A step, and the state after it. */
export interface Move {
  readonly label: string
  readonly next: State
}

/** Adds a step to those that may come. */
type Add = (label: string, change: (state: State) => void) => void

/** Adds a fault, where one may still come. */
type Break = (kind: FaultKind, label: string, change: (state: State) => void) => void

const WORDS: Readonly<Record<string, string>> = {
  h: 'hello',
  p: 'ping',
  c: 'call',
  r: 'readied',
  a: 'answered',
  d: 'not sent',
  x: 'cut',
  w: 'full view',
  o: 'pong',
  y: 'ready',
  g: 'go',
  e: 'ended',
  l: 'lock',
  u: 'unlock',
}

/** Every step that may come next. */
export function movesOf(state: State, bounds: Bounds): Move[] {
  const moves: Move[] = []
  if (state.gateways.every(({ done }) => done)) return moves
  const add: Add = (label, change) => {
    const next = copyOf(state)
    change(next)
    judgeState(next)
    settle(next, bounds)
    moves.push({ label, next })
  }
  const breaks: Break = (kind, label, change) => {
    if (!mayCome(state, bounds, kind)) return
    add(`fault: ${label}`, (next) => {
      next.faults -= 1
      change(next)
    })
  }
  time(state, bounds, add)
  if (state.up) controlSteps(state, bounds, add)
  controlFaults(state, bounds, add, breaks)
  state.gateways.forEach(({ done }, index) => {
    if (done) return
    gatewaySteps(state, bounds, index, add)
    linkSteps(state, bounds, index, add, breaks)
    gatewayFaults(state, bounds, index, add, breaks)
  })
  return moves
}

function time(state: State, bounds: Bounds, add: Add): void {
  add('a tick', (next) => {
    if (next.lock === 'on') next.lockAge = Math.min(bounds.lease + 1, next.lockAge + 1)
    for (const gateway of next.gateways)
      if (gateway.running && !gateway.done) gates.age({ gateway, bounds })
  })
  if (!state.calm && bounds.calls.includes('probe')) {
    add('no more faults', (next) => {
      next.calm = true
      next.faults = 0
    })
  }
}

/** What control does by itself: people answer and lock, calls go on. */
function controlSteps(state: State, bounds: Bounds, add: Add): void {
  if (state.approval === 'none' && bounds.calls.includes('gated'))
    add('the call is approved', (next) => (next.approval = 'given'))
  if (state.lock === 'none' && bounds.lock !== 'none')
    add('the agent is locked', (next) => control.addLock(next, bounds))
  if (state.lock === 'on' && bounds.lock === 'lifted') add('the lock is lifted', control.liftLock)
  if (state.pushing)
    add('the lock is pushed', (next) => {
      next.pushing = false
      control.push(next, 'l0')
    })
  if (state.approval === 'marked')
    add('the approval is durably spent', (next) => (next.approval = 'spent'))
  state.calls.forEach((call, i) => {
    if (call.deposed) return
    if (call.stage === 'held' && state.approval === 'given')
      add(`${call.kind} call ${i}: the approval is spent`, (next) =>
        control.spend(next, bounds, next.calls[i]!),
      )
    if (call.stage === 'admitted')
      add(`${call.kind} call ${i}: intent durable, ready sent`, (next) =>
        control.intend(next, bounds, next.calls[i]!, control.linkOf(next, next.calls[i]!)),
      )
  })
}

function controlFaults(state: State, bounds: Bounds, add: Add, breaks: Break): void {
  if (!state.up) add('control starts', (next) => control.start(next, bounds))
  else breaks('crash', 'control crashes', control.crash)
  if (state.up && state.deposed === 'none')
    breaks('takeover', 'a standby takes the turn, unnoticed', (next) =>
      control.depose(next, bounds),
    )
  if (state.deposed !== 'none') add('the deposed control notices and ends', control.endDeposed)
}

function gatewaySteps(state: State, bounds: Bounds, index: number, add: Add): void {
  const gateway = state.gateways[index]!
  if (!gateway.running || gateway.asleep) return
  const here: At = { state, bounds, index, gateway }
  const does = (label: string, change: (at: At) => void): void =>
    add(`${nameAt(index)}: ${label}`, (next) => {
      const at = atOf(next, bounds, index)
      gates.look(at)
      change(at)
    })
  if (gateway.link === undefined) {
    if (state.up) does('connects', (at) => gates.connect(at, 'active'))
    if (state.deposed !== 'none')
      does('connects to the deposed control', (at) => gates.connect(at, 'deposed'))
  }
  if (gates.isPingDue(here)) does('ping', gates.ping)
  if (gateway.owing) does('cuts what the lock denies', gates.applyLock)
  // What a look at the clocks would forget is not taken for granted.
  const trusted = gateway.behind <= 0
  state.calls.forEach((call, i) => {
    const asks = call.at < 0 && (call.kind !== 'probe' || state.calm)
    if (asks && trusted && gates.takesCalls(here) && isFirst(state, i))
      does(`asked for ${call.kind} call ${i}`, (at) => gates.ask(at, at.state.calls[i]!))
    if (call.at !== index || call.here !== 'open') return
    const may = (trusted && gates.mayWrite(here)) || bounds.bug === 'uncheckedStream'
    if (may && bounds.streams && !call.more)
      does(`more of call ${i}`, (at) => gates.writeMore(at, at.state.calls[i]!))
    if (!may) does(`call ${i} is cut`, (at) => gates.cut(at, at.state.calls[i]!))
    does(`call ${i} is answered`, (at) => gates.finish(at, at.state.calls[i]!))
  })
}

/** What the connections of a gateway do: messages arrive, ends are noticed, and what was sent is lost or arrives twice. */
function linkSteps(state: State, bounds: Bounds, index: number, add: Add, breaks: Break): void {
  const gateway = state.gateways[index]!
  const name = nameAt(index)
  for (const on of ['link', 'old'] as const) {
    const link = gateway[on]
    if (link === undefined) continue
    const hears = link.control === 'deposed' ? 'the deposed control' : 'control'
    if (link.up !== '' && link.control !== 'none' && !link.cut) {
      const said = `${name} → ${hears}${on === 'old' ? ', old connection' : ''}: ${spoken(link.up)}`
      add(said, (next) => toControl(next, bounds, index, on, false))
      breaks('twice', `${said}, and again later`, (next) =>
        toControl(next, bounds, index, on, true),
      )
    }
    const gone = link.cut || (link.left && link.up === '')
    if (gone && link.control !== 'none')
      add(`${hears} notices the end of a connection of ${name}`, (next) =>
        closeAtControl(next, bounds, index, on),
      )
  }
  const { link, old, running, asleep } = gateway
  const hearing = running && !asleep
  // Only a gateway that takes one connection for another hears what it has left.
  const heard = link?.down ? link : old?.down ? old : undefined
  if (hearing && heard !== undefined && link !== undefined) {
    const on = heard === link ? 'link' : 'old'
    const said = `${name} ← ${on === 'old' ? 'old connection: ' : ''}${spoken(heard.down)}`
    add(said, (next) => toGateway(next, bounds, index, on, false))
    breaks('twice', `${said}, and again later`, (next) => toGateway(next, bounds, index, on, true))
  }
  if (link === undefined) return
  if (!link.cut && link.control !== 'none')
    breaks('loss', `the connection of ${name} breaks`, (next) => {
      Object.assign(next.gateways[index]!.link!, { cut: true, up: '', down: '' })
    })
  // One that it has left before is gone first.
  if (!hearing || old !== undefined) return
  if ((link.cut || link.control === 'none') && bounds.bug !== 'neverNoticed')
    add(`${name}: notices the end of its connection`, (next) =>
      gates.leave(atOf(next, bounds, index)),
    )
  else if (!link.cut && link.control !== 'none') {
    breaks('close', `${name} gives its connection up`, (next) =>
      gates.leave(atOf(next, bounds, index)),
    )
    breaks('close', `control gives the connection of ${name} up`, (next) =>
      closeAtControl(next, bounds, index, 'link'),
    )
  }
}

function gatewayFaults(state: State, bounds: Bounds, index: number, add: Add, breaks: Break): void {
  const gateway = state.gateways[index]!
  const name = nameAt(index)
  const at = (next: State): At => atOf(next, bounds, index)
  if (!gateway.running) {
    add(`${name} starts`, (next) => {
      const { old, off } = next.gateways[index]!
      next.gateways[index] = { ...newGateway(bounds.lease, off), old }
    })
    return
  }
  if (gateway.old === undefined) breaks('kill', `${name} is killed`, (next) => gates.kill(at(next)))
  for (const by of [-bounds.jump, bounds.jump]) {
    if (Math.abs(gateway.off + by) <= bounds.jump)
      breaks('jump', `the clock of ${name} jumps by ${by}`, (next) => gates.jump(at(next), by))
  }
  if (state.calm && gateway.off !== 0)
    add(`the clock of ${name} is put right`, (next) => gates.jump(at(next), -gateway.off))
  if (gateway.asleep) add(`${name} wakes`, (next) => (next.gateways[index]!.asleep = false))
  else breaks('sleep', `${name} sleeps`, (next) => (next.gateways[index]!.asleep = true))
  state.calls.forEach((call, i) => {
    const again = state.calm && call.kind === 'probe' && call.at === index && call.here === 'over'
    const concluded = call.stage === 'over' || call.stage === 'none'
    if (again && !call.answered && concluded && call.on === 'none')
      add(`probe call ${i} is asked for anew`, (next) => (next.calls[i] = newCall('probe')))
  })
}

function toControl(
  state: State,
  bounds: Bounds,
  index: number,
  on: 'link' | 'old',
  keep: boolean,
): void {
  const gateway = state.gateways[index]!
  const link = gateway[on]!
  const message = link.up
  if (!keep) link.up = message.slice(2)
  control.controlHears({ state, bounds, index, gateway, link, on }, message[0]!, message[1]!)
}

function toGateway(
  state: State,
  bounds: Bounds,
  index: number,
  on: 'link' | 'old',
  keep: boolean,
): void {
  const at = atOf(state, bounds, index)
  const link = at.gateway[on]!
  const message = link.down
  if (!keep) link.down = message.slice(2)
  gates.look(at)
  gates.gatewayHears(at, link, message[0]!, message[1]!)
}

function closeAtControl(state: State, bounds: Bounds, index: number, on: 'link' | 'old'): void {
  const gateway = state.gateways[index]!
  control.concludeOn(state, bounds, index, on)
  const link = gateway[on]!
  link.control = 'none'
  link.up = ''
  if (on === 'old' && link.down === '') gateway.old = undefined
}

function atOf(state: State, bounds: Bounds, index: number): At {
  return { state, bounds, index, gateway: state.gateways[index]! }
}

/** Of calls of one kind that nobody has asked for the first is asked for: the others are like it. */
function isFirst(state: State, i: number): boolean {
  return state.calls.findIndex(({ at, kind }) => at < 0 && kind === state.calls[i]!.kind) === i
}

function spoken(messages: Link['up']): string {
  return `${WORDS[messages[0]!]} ${messages[1]}`
}
