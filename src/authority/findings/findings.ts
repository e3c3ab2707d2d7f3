// Holds the findings: what detectors concluded, kept until a person has looked.

import { faults } from '../../std/fault.ts'
import { uuidv7 } from '../../std/id.ts'
import type { FindingRow } from '../../store/rows/finding.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Open findings that are kept in memory and listed; the log has every one. */
const MAX_OPEN = 10_000

/** What is concluded, before it has an id. */
export type Conclusion = Omit<FindingRow, 'id' | 'state' | 'closed' | 'lock'>

/** The findings. Reading is synchronous, from memory. */
export class Findings {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #open = new Map<string, Held<FindingRow>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads what is open and verifies. */
  static async load(ports: AuthorityPorts): Promise<Findings> {
    const findings = new Findings(ports)
    for (const held of await ports.store.findings.all({ state: 'open' })) {
      findings.#open.set(held.doc.id, held)
    }
    return findings
  }

  /** Open findings, newest first. */
  list(): readonly FindingRow[] {
    return [...this.#open.values()].map(({ doc }) => doc).sort((a, b) => b.at - a.at)
  }

  /** Keeps a conclusion: recorded first, whatever then becomes of the row. */
  raise(conclusion: Conclusion): Promise<FindingRow> {
    return this.#turns.run(async () => {
      const { audit, clock, entropy, store } = this.#ports
      const doc: FindingRow = { ...conclusion, id: uuidv7(clock, entropy), state: 'open' }
      const { rule, severity, summary, facts } = doc
      const receipt = await audit.append({
        type: 'finding.raised',
        phase: 'lifecycle',
        ...(doc.agent === undefined ? {} : { agent: doc.agent }),
        ...(doc.instance === undefined ? {} : { instance: doc.instance }),
        body: { finding: doc.id, rule, severity, summary, facts: { ...facts } },
      })
      const held = await store.findings.insert(doc, receipt)
      if (this.#open.size < MAX_OPEN) this.#open.set(doc.id, held)
      return doc
    })
  }

  /** Notes the lock that answered a finding. */
  answered(id: string, lock: string): Promise<FindingRow> {
    return this.#change(id, 'finding.answered', { lock }, (doc) => ({ ...doc, lock }))
  }

  /** A person has looked. A lock that answered it stays until it is lifted. */
  close(
    id: string,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<FindingRow> {
    const why = checkedReason(reason)
    const closed = { person, reason: why, at: this.#ports.clock.now() }
    return this.#change(
      id,
      'finding.closed',
      { reason: why },
      (doc) => ({ ...doc, state: 'closed', closed }),
      person,
    )
  }

  #change(
    id: string,
    type: string,
    body: Readonly<Record<string, string>>,
    to: (doc: FindingRow) => FindingRow,
    person?: string,
  ): Promise<FindingRow> {
    return this.#turns.run(async () => {
      const held = this.#open.get(id)
      if (held === undefined) {
        throw fault('finding.unknown', 'there is no such open finding')
      }
      const doc = to(held.doc)
      const { agent, instance } = doc
      const receipt = await this.#ports.audit.append({
        type,
        phase: person === undefined ? 'lifecycle' : 'admin',
        ...(person === undefined ? {} : { person }),
        ...(agent === undefined ? {} : { agent }),
        ...(instance === undefined ? {} : { instance }),
        body: { finding: id, ...body },
      })
      const next = await this.#ports.store.findings.replace(held, doc, receipt)
      if (doc.state === 'open') this.#open.set(id, next)
      else this.#open.delete(id)
      return doc
    })
  }
}
