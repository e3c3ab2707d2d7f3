// Holds the check that every gateway's records are there without gaps, in the order in which it wrote them.

import type { AuditRecord } from '../wire/record.ts'
import type { Findings, VerifiedBoot } from './verify-report.ts'

interface Boot {
  readonly gateway: string
  readonly boot: string
  records: number
  iseq: number
}

/** Follows `iseq` per gateway and boot. */
export class OrderCheck {
  readonly #findings: Findings
  readonly #boots = new Map<string, Boot>()

  constructor(findings: Findings) {
    this.#findings = findings
  }

  /** Takes the record at `index`. */
  add(index: number, record: AuditRecord): void {
    const { gateway, boot, iseq } = record
    const key = `${boot} ${gateway}`
    const state = this.#boots.get(key) ?? { gateway, boot, records: 0, iseq: 0 }
    this.#boots.set(key, state)
    state.records += 1
    const expected = state.iseq + 1
    const who = `gateway ${gateway}, boot ${boot}`
    if (iseq > expected) {
      const missing = iseq - 1 === expected ? `${expected}` : `${expected} to ${iseq - 1}`
      const detail = `${who}: ${missing} missing before number ${iseq}`
      this.#findings.add('audit.verify_gap', `record ${index}`, detail)
    } else if (iseq < expected) {
      const detail = `${who}: number ${iseq} comes after number ${state.iseq}`
      this.#findings.add('audit.verify_order', `record ${index}`, detail)
    }
    state.iseq = Math.max(state.iseq, iseq)
  }

  /** Every start of a gateway, in the order of the log. */
  boots(): VerifiedBoot[] {
    return [...this.#boots.values()]
  }
}
