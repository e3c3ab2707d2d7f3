// Holds the check that every gateway's records are there without gaps, in the order in which it wrote them, and that none was silent.

import type { RecordMark } from './verify-bundle.ts'
import type { Findings, VerifiedBoot } from './verify-report.ts'

interface Boot {
  readonly gateway: string
  readonly boot: string
  records: number
  first: number
  iseq: number
  at: number
  last: string
  type: string
}

/** A gateway beats every minute: a silence of this long (ms) is one that somebody should be able to explain. */
const SILENCE_MS = 5 * 60_000
/** A clock that is set right may step back by this much (ms) without a word about it. */
const BACKWARDS_MS = 60_000

/** Follows `iseq` and time per gateway and boot. */
export class OrderCheck {
  readonly #findings: Findings
  readonly #boots = new Map<string, Boot>()
  /** Boots of which something was passed over: their next record may have any later number. */
  #resumed: Set<Boot> | undefined

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Records were passed over, a dropped shard or all before a range: until `strict`, numbers may go on from anywhere. */
  lenient(): void {
    this.#resumed = new Set()
  }

  /** From here on every number counts again. */
  strict(): void {
    this.#resumed = undefined
  }

  /** Takes the record at `index`. */
  add(index: number, { gateway, boot, iseq, type, ts }: RecordMark): void {
    const key = `${boot} ${gateway}`
    const at = Date.parse(ts)
    const known = this.#boots.get(key)
    const state: Boot = known ?? {
      gateway,
      boot,
      records: 0,
      first: iseq,
      iseq: 0,
      at,
      last: ts,
      type,
    }
    if (known === undefined) this.#boots.set(key, state)
    const resumes = this.#resumed !== undefined && !this.#resumed.has(state)
    this.#resumed?.add(state)
    const expected = state.iseq + 1
    const who = `gateway ${gateway}, boot ${boot}`
    if (iseq > expected && !resumes) {
      const missing = iseq - 1 === expected ? `${expected}` : `${expected} to ${iseq - 1}`
      const detail = `${who}: ${missing} missing before number ${iseq}`
      this.#findings.add('audit.verify_gap', `record ${index}`, detail)
    } else if (iseq < expected) {
      const detail = `${who}: number ${iseq} comes after number ${state.iseq}`
      this.#findings.add('audit.verify_order', `record ${index}`, detail)
    }
    if (!resumes) this.#time(index, state, at, ts)
    state.records += 1
    state.iseq = Math.max(state.iseq, iseq)
    Object.assign(state, { at, last: ts, type })
  }

  /** Every start of a gateway, in the order of the log. */
  boots(): VerifiedBoot[] {
    const newest = new Map([...this.#boots.values()].map((boot) => [boot.gateway, boot]))
    return [...this.#boots.values()].map((state) => {
      const { gateway, boot, records, first, iseq, last, type } = state
      // The newest of a gateway may still run: what it wrote last says nothing about how it ends.
      const open = newest.get(gateway) === state ? 'open' : 'unstopped'
      const ended = type === 'gateway.stop' ? 'stopped' : open
      return { gateway, boot, records, first, iseq, last, ended }
    })
  }

  #time(index: number, state: Boot, at: number, ts: string): void {
    const who = `gateway ${state.gateway}, boot ${state.boot}`
    if (at - state.at > SILENCE_MS) {
      const minutes = Math.round((at - state.at) / 60_000)
      const detail = `${who}: silent for ${minutes} minutes, from ${state.last} to ${ts}`
      this.#findings.note('audit.verify_silence', `record ${index}`, detail)
    } else if (state.at - at > BACKWARDS_MS) {
      const detail = `${who}: the clock went back, from ${state.last} to ${ts}`
      this.#findings.note('audit.verify_clock', `record ${index}`, detail)
    }
  }
}
