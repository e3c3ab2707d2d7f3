// Holds the name of a state, the same for states that differ in nothing that matters, and the set of names that were seen.

import type { Call, Gateway, Link, State } from './state.ts'

const LOCK = { none: 0, on: 1, lifted: 2 } as const
const APPROVAL = { none: 0, given: 1, marked: 2, spent: 3 } as const
const DEPOSED = { none: 0, free: 1, locked: 2 } as const
const CONTROL = { none: 0, active: 1, deposed: 2 } as const
const KIND = { gated: 0, plain: 1, probe: 2 } as const
const ON = { none: 0, link: 1, old: 2 } as const
const STAGE = { none: 0, held: 1, admitted: 2, ready: 3, gone: 4, over: 5, lost: 6 } as const
const HERE = { none: 0, asked: 1, ready: 2, open: 3, over: 4 } as const
const OUTCOME = { none: 0, done: 1, refused: 2, unknown: 3 } as const

/** What is below zero by up to this is still a number of few bits. */
const BELOW = 8

/**
 * The name of a state. States that differ only in which of two gateways, or of two calls of one kind, is which, have
 * one name: whatever can happen in the one can happen in the other.
 */
export function nameOf(state: State): string {
  const whole =
    (state.up ? 1 : 0) +
    (state.pushing ? 2 : 0) +
    (state.calm ? 4 : 0) +
    8 * (LOCK[state.lock] + 4 * (APPROVAL[state.approval] + 4 * DEPOSED[state.deposed]))
  let idle = 0
  for (const { at, kind } of state.calls) if (at < 0) idle += 4 ** KIND[kind]
  const head = String.fromCharCode(whole, state.lockAge + 16 * state.faults, idle)
  const first = nameOfGateway(state.gateways[0]!, state, 0)
  const second = state.gateways[1]
  if (second === undefined) return head + first
  const other = nameOfGateway(second, state, 1)
  return first < other ? head + first + other : head + other + first
}

function nameOfGateway(gateway: Gateway, state: State, index: number): string {
  const { running, asleep, locked, owing, untrusted, confirmed, done, pings } = gateway
  let flags = 0
  for (const bit of [running, asleep, locked, owing, untrusted, confirmed, done])
    flags = flags * 2 + (bit ? 1 : 0)
  const ages = packed(gateway.mono, gateway.wall, gateway.off, gateway.behind)
  let name = String.fromCharCode(flags + 128 * pings.length, ages)
  for (const { id, mono, wall } of pings)
    name += String.fromCharCode(packed(mono, wall, id.charCodeAt(0) - 48 - BELOW, 0))
  name += nameOfLink(gateway.link) + nameOfLink(gateway.old)
  let calls = ''
  for (const call of state.calls) {
    if (call.at !== index) continue
    const one = nameOfCall(call)
    calls = calls < one ? calls + one : one + calls
  }
  return name + calls
}

function packed(mono: number, wall: number, off: number, behind: number): number {
  return mono + 8 * (wall + BELOW + 16 * (off + BELOW + 16 * (behind + BELOW)))
}

function nameOfLink(link: Link | undefined): string {
  if (link === undefined) return '-'
  const flags = (link.cut ? 1 : 0) + (link.left ? 2 : 0) + (link.welcomed ? 4 : 0)
  const lengths = link.up.length + 32 * link.down.length
  return String.fromCharCode(256 + flags + 8 * CONTROL[link.control], lengths) + link.up + link.down
}

/** Two characters. */
function nameOfCall(call: Call): string {
  const { kind, n, on, stage, here, seen } = call
  let flags = 0
  for (const bit of [
    call.deposed,
    call.orphan,
    call.spent,
    call.more,
    call.answered,
    seen.intended,
  ])
    flags = flags * 2 + (bit ? 1 : 0)
  return String.fromCharCode(
    KIND[kind] + 4 * (ON[on] + 4 * (n + 8 * (STAGE[stage] + 8 * HERE[here]))),
    flags + 64 * (seen.written + 4 * OUTCOME[seen.outcome]),
  )
}

/** The names that were seen, by 96 bits of each: enough for two among a thousand million to be taken for one as good as never. */
export class Names {
  size = 0
  #bits = 16
  /** Of each slot three words; zeros where it is free. */
  #words = new Uint32Array(3 << 16)
  #numbers = new Uint32Array(1 << 16)

  /** The number of a name: that of those seen before it. Whether it is new is whether `size` has grown. */
  number(name: string): number {
    if (this.size * 2 > this.#numbers.length) this.#grow()
    const [a, b, c] = wordsOf(name)
    const slot = this.#find(a, b, c)
    if (this.#words[slot * 3 + 2] !== 0) return this.#numbers[slot]!
    this.#put(slot, a, b, c, this.size)
    this.size += 1
    return this.size - 1
  }

  #find(a: number, b: number, c: number): number {
    const mask = this.#numbers.length - 1
    const words = this.#words
    for (let slot = a & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 3
      if (words[at + 2] === 0) return slot
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c) return slot
    }
  }

  #put(slot: number, a: number, b: number, c: number, number: number): void {
    this.#words.set([a, b, c], slot * 3)
    this.#numbers[slot] = number
  }

  #grow(): void {
    const words = this.#words
    const numbers = this.#numbers
    this.#bits += 1
    this.#words = new Uint32Array(3 * 2 ** this.#bits)
    this.#numbers = new Uint32Array(2 ** this.#bits)
    for (let slot = 0; slot < numbers.length; slot += 1) {
      const at = slot * 3
      const [a, b, c] = [words[at]!, words[at + 1]!, words[at + 2]!]
      if (c !== 0) this.#put(this.#find(a, b, c), a, b, c, numbers[slot]!)
    }
  }
}

/** Three words of a name, each mixed by itself; the third is never zero. */
function wordsOf(name: string): readonly [number, number, number] {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  let c = 0x3c6ef372
  for (let i = 0; i < name.length; i += 1) {
    const char = name.charCodeAt(i)
    a = Math.imul(a ^ char, 0x01000193)
    a ^= a >>> 15
    b = Math.imul(b ^ char, 0x5bd1e995)
    b ^= b >>> 13
    c = Math.imul(c ^ char, 0x27d4eb2f)
    c ^= c >>> 16
  }
  return [mixed(a), mixed(b), mixed(c) || 1]
}

function mixed(word: number): number {
  let mix = Math.imul(word ^ (word >>> 16), 0x85ebca6b)
  mix = Math.imul(mix ^ (mix >>> 13), 0xc2b2ae35)
  return (mix ^ (mix >>> 16)) >>> 0
}
