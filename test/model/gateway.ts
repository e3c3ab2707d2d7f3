// Holds what a gateway does in the model: its lease, its copy of the lock, and calls that it sends, streams and cuts.

import type { Bounds } from './bounds.ts'
import { happen, nameAt } from './happen.ts'
import { newGateway, type Call, type Gateway, type Link, type State } from './state.ts'

/** Messages about a call, by their letters. */
const CALL_UP = ['c', 'r', 'd', 'a', 'x']
const CALL_DOWN = ['y', 'g', 'e']

/** A gateway in the state it is in. */
export interface At {
  readonly state: State
  readonly bounds: Bounds
  readonly index: number
  readonly gateway: Gateway
}

/** Reads the clocks, as every turn of a gateway does first: with one that went backwards nothing that was measured counts. */
export function look({ gateway, bounds }: At): void {
  if (gateway.behind > 0) {
    forget(gateway, bounds)
    if (bounds.bug === 'neverTrusted') gateway.untrusted = true
  }
  gateway.behind = 0
}

/** Whether the view is no older than the lease, by the larger of both ages. */
function isFresh({ gateway, bounds }: At): boolean {
  if (bounds.bug === 'monotonicOnly') return gateway.mono <= bounds.lease
  if (bounds.bug === 'wallOnly') return gateway.wall <= bounds.lease
  return Math.max(gateway.mono, gateway.wall) <= bounds.lease
}

/** Whether anything may be sent: the one check, in the same turn as the write. */
export function mayWrite(at: At): boolean {
  return isFresh(at) && !at.gateway.locked
}

/** Whether an agent's new call is taken up: on a connection that has brought the full view, and within the lease. */
export function takesCalls(at: At): boolean {
  const { link } = at.gateway
  return link !== undefined && link.welcomed && !link.cut && mayWrite(at)
}

/** An agent asks for a call here, under a number that means nothing else on this connection. */
export function ask({ gateway, index, state }: At, call: Call): void {
  const link = gateway.link!
  const known = state.calls.filter(
    ({ at, on, here }) => at === index && (on === 'link' || here !== 'over'),
  )
  const used = (n: number): boolean => {
    const spoken = CALL_UP.some((letter) => link.up.includes(`${letter}${n}`))
    const heard = CALL_DOWN.some((letter) => link.down.includes(`${letter}${n}`))
    return spoken || heard || known.some((other) => other.n === n)
  }
  let n = 0
  while (used(n)) n += 1
  Object.assign(call, { at: index, n, on: 'link', here: 'asked' })
  sendUp(link, `c${n}`)
}

/** Whether another ping is due: one for each moment, and so many without an answer. */
export function isPingDue({ gateway, bounds }: At): boolean {
  const { link, pings, mono, wall } = gateway
  if (link === undefined || !link.welcomed || link.cut || pings.length >= bounds.pings) return false
  return ![...pings, { mono, wall }].some((one) => one.mono === 0 && one.wall === 0)
}

/** Asks control for its view of this moment. */
export function ping({ gateway, bounds }: At): void {
  const link = gateway.link!
  const taken = gateway.pings.map(({ id }) => id).join('') + link.up + link.down
  const ids = Array.from({ length: bounds.pings * 3 }, (_, id) => `${id}`)
  const id = ids.find(
    (one) =>
      !taken.includes(`p${one}`) &&
      !taken.includes(`o${one}`) &&
      !gateway.pings.some((sent) => sent.id === one),
  )
  if (id === undefined) return
  gateway.pings = [...gateway.pings, { id, mono: 0, wall: 0 }]
  sendUp(link, `p${id}`)
}

/** A gateway hears a message of control. */
export function gatewayHears(at: At, link: Link, letter: string, number: string): void {
  const { gateway, state, bounds, index } = at
  if (letter === 'o') return hearPong(at, number)
  if (letter === 'u') gateway.locked = false
  if (letter === 'w') {
    link.welcomed = true
    if (number === '0') gateway.locked = false
  }
  if (letter === 'l' || (letter === 'w' && number === '1')) return hearLock(at)
  const call = state.calls.find(
    ({ at: where, n, orphan, here }) =>
      where === index &&
      `${n}` === number &&
      !orphan &&
      (here !== 'over' || bounds.bug === 'goTwice'),
  )
  if (call === undefined) return
  if (letter === 'y' && call.here === 'asked') {
    call.here = 'ready'
    sendUp(gateway.link, `r${number}`)
  } else if (letter === 'e' && (call.here === 'asked' || call.here === 'ready')) {
    call.here = 'over'
  } else if (letter === 'g') {
    go(at, call)
  }
}

/** The lease, the lock and the write are one turn; a number that was sent once is not sent again. */
function go(at: At, call: Call): void {
  const { gateway, state, bounds, index } = at
  const again = bounds.bug === 'goTwice' && (call.here === 'open' || call.here === 'over')
  if (call.here !== 'ready' && !again) return
  if (!mayWrite(at)) {
    call.here = 'over'
    return sendUp(gateway.link, `d${call.n}`)
  }
  happen(state, bounds, call, { kind: 'write', gateway: nameAt(index) })
  call.here = 'open'
}

/** An answer is worth what its ping was: the view is as old as the ping's sending. */
function hearPong({ gateway, bounds }: At, id: string): void {
  const found = gateway.pings.findIndex((sent) => sent.id === id)
  const sent = gateway.pings[found]
  if (sent === undefined) return
  gateway.pings = gateway.pings.slice(found + 1)
  // Control's clock comes with the answer: one that is too far from it is not trusted.
  if (Math.abs(gateway.off) > bounds.drift || gateway.untrusted) return forget(gateway, bounds)
  const fromAnswer = bounds.bug === 'leaseFromAnswer'
  gateway.mono = fromAnswer ? 0 : sent.mono
  gateway.wall = fromAnswer ? 0 : sent.wall
}

/** The lock is in force here: what it denies ends, and then control is told so. */
function hearLock(at: At): void {
  const { gateway, bounds } = at
  if (bounds.bug === 'receiptBeforeCut') gateway.owing = true
  else applyLock(at)
  // Control does nothing with the receipt but keep it: it needs no message here.
  gateway.confirmed = true
}

/** Ends what the lock denies, and denies what comes. */
export function applyLock(at: At): void {
  const { gateway, state, index } = at
  gateway.owing = false
  gateway.locked = true
  for (const call of state.calls) if (call.at === index) cut(at, call)
}

/** Ends a call. What was sent is not taken back. */
export function cut({ gateway }: At, call: Call): void {
  if (call.here === 'none' || call.here === 'over') return
  const sent = call.here === 'open'
  call.here = 'over'
  if (!call.orphan) sendUp(gateway.link, `${sent ? 'x' : 'd'}${call.n}`)
}

/** More of a stream, which is asked about as its beginning was. */
export function writeMore({ state, bounds, index }: At, call: Call): void {
  happen(state, bounds, call, { kind: 'more', gateway: nameAt(index) })
  call.more = true
}

/** The system has answered. */
export function finish({ gateway }: At, call: Call): void {
  call.here = 'over'
  call.answered = true
  if (!call.orphan) sendUp(gateway.link, `a${call.n}`)
}

/** Connects to a control. The connection knows nothing of the one before. */
export function connect({ gateway }: At, control: 'active' | 'deposed'): void {
  gateway.link = { control, cut: false, left: false, welcomed: false, up: 'h0', down: '' }
}

/** Leaves its connection. Control learns of it in its own time, and may still hear what was sent before. */
export function leave({ gateway, state, bounds, index }: At): void {
  const link = gateway.link!
  const stays = link.control !== 'none'
  link.left = true
  if (bounds.bug !== 'numbersReused') link.down = ''
  gateway.link = undefined
  const kept = stays || link.down !== ''
  if (kept) gateway.old = link
  gateway.pings = []
  for (const call of state.calls) {
    if (call.at !== index) continue
    if (call.on === 'link') call.on = kept ? 'old' : 'none'
    if (call.here === 'asked' || call.here === 'ready') call.here = 'over'
    if (call.here === 'open') call.orphan = true
  }
}

/** The process ends, with all it knew. */
export function kill(at: At): void {
  const { gateway, state, bounds, index } = at
  if (gateway.link !== undefined) leave(at)
  for (const call of state.calls) if (call.at === index && call.here === 'open') call.here = 'over'
  const { old, off } = gateway
  state.gateways[index] = { ...newGateway(bounds.lease, off), old, running: false }
}

/** Its machine's wall clock jumps. */
export function jump({ gateway, bounds }: At, by: number): void {
  gateway.off += by
  gateway.behind = Math.max(-bounds.jump, gateway.behind - by)
  const moved = (age: number): number => ageOf(age + by, bounds)
  gateway.wall = gateway.mono > bounds.lease ? gateway.wall : moved(gateway.wall)
  gateway.pings = gateway.pings.map((sent) => ({ ...sent, wall: moved(sent.wall) }))
}

/** Time passes on its machine. */
export function age({ gateway, bounds }: Pick<At, 'gateway' | 'bounds'>): void {
  const { lease } = bounds
  const mono = gateway.asleep ? 0 : 1
  gateway.mono = Math.min(lease + 1, gateway.mono + mono)
  gateway.wall = ageOf(gateway.wall + 1, bounds)
  if (gateway.mono > lease) forgetView(gateway, bounds)
  gateway.behind = Math.max(-bounds.jump, gateway.behind - 1)
  gateway.pings = gateway.pings.map((sent) => ({
    id: sent.id,
    mono: Math.min(lease + 1, sent.mono + mono),
    wall: ageOf(sent.wall + 1, bounds),
  }))
}

function ageOf(age: number, { lease, jump: by }: Bounds): number {
  return Math.min(lease + 1 + by, age)
}

function forget(gateway: Gateway, bounds: Bounds): void {
  forgetView(gateway, bounds)
  gateway.pings = []
}

function forgetView(gateway: Gateway, { lease, bug }: Bounds): void {
  // The wall clock alone would still count it.
  if (bug === 'wallOnly' && gateway.wall <= lease) return
  gateway.mono = lease + 1
  gateway.wall = lease + 1
}

function sendUp(link: Link | undefined, message: string): void {
  if (link !== undefined && !link.cut && link.control !== 'none') link.up += message
}
