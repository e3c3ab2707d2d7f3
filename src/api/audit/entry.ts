// Holds how records are shown to people: as they stand in the log, with the name of their person beside them.

import { commitmentsOf } from '../../audit/side/confide.ts'
import type { AuditRecord } from '../../wire/record.ts'
import type { AuditCall, AuditEntry } from '../../wire/api/audit.ts'
import type { ControlPorts } from '../ports.ts'

/** A record that is durable; its index once it is in the log. */
export interface Recorded {
  readonly index?: number
  /** Leaf hash, base64url. */
  readonly leaf: string
  readonly record: AuditRecord
}

/** Records with what people said in them, which stands beside the log; null where that was erased. */
export async function withWords<R extends Recorded>(
  { confider }: Pick<ControlPorts['authority'], 'confider'>,
  records: readonly R[],
): Promise<R[]> {
  const found = records.map(({ record }) => commitmentsOf(record.body))
  const words = await confider.words(found.flatMap((one) => [...one.values()]))
  return records.map((recorded, at) => {
    const said = [...found[at]!].map(([name, commitment]) => [name, words.get(commitment) ?? null])
    if (said.length === 0) return recorded
    const { record } = recorded
    const body: AuditRecord['body'] = { ...record.body, ...Object.fromEntries(said) }
    return { ...recorded, record: { ...record, body } }
  })
}

/** Records as people see them: with what was said in them, and `confided` for what the leaf has in its place. */
export async function shownEntries(
  authority: Pick<ControlPorts['authority'], 'people' | 'confider'>,
  records: readonly Recorded[],
): Promise<AuditEntry[]> {
  const told = await withWords(authority, records)
  return told.map((recorded, at) => {
    const entry = shownEntry(authority, recorded)
    const commitments = [...commitmentsOf(records[at]!.record.body)]
    if (commitments.length === 0) return entry
    const confided = commitments.map(([name, commitment]) => {
      const erased = recorded.record.body[name] === null
      return [name, { commitment, ...(erased && { erased: true as const }) }] as const
    })
    return { ...entry, confided: Object.fromEntries(confided) }
  })
}

/** One record. */
function shownEntry(
  { people }: Pick<ControlPorts['authority'], 'people'>,
  { index, leaf, record }: Recorded,
): AuditEntry {
  const name = record.person === undefined ? undefined : people.known(record.person)?.name
  return {
    index: index ?? null,
    leaf,
    record: { ...record },
    ...(name !== undefined && { person_name: name }),
  }
}

function bodyText(record: AuditRecord | undefined, member: string): string | null {
  const value = record?.body[member]
  return typeof value === 'string' ? value : null
}

function answerOf(record: AuditRecord | undefined): string | null {
  const decision = record?.body['decision']
  const answer =
    typeof decision === 'object' && decision !== null && 'answer' in decision
      ? decision['answer']
      : undefined
  return typeof answer === 'string' ? answer : null
}

/** What the records of one call say of it, oldest first; at least one. */
export function callSummary(
  { people }: Pick<ControlPorts['authority'], 'people'>,
  records: readonly [AuditRecord, ...AuditRecord[]],
): AuditCall['summary'] {
  const [first] = records
  const of = (type: string) => records.findLast((record) => record.type === type)
  const intent = of('call.intent')
  const denied = of('call.denied')
  const outcome = of('call.outcome')
  const asked = of('approval.requested')
  // Approvals name who decided; who the call is for stands in its own records.
  const { person } = intent ?? denied ?? asked ?? first
  const end = outcome ?? denied
  const decided = answerOf(intent) ?? answerOf(denied)
  return {
    agent: first.agent ?? null,
    person: person === undefined ? null : (people.known(person)?.name ?? person),
    system: first.system ?? null,
    action: first.action ?? null,
    answer: decided ?? (denied !== undefined ? 'deny' : asked !== undefined ? 'hold' : null),
    status: bodyText(outcome, 'status') ?? (denied === undefined ? null : 'denied'),
    started_at: first.ts,
    ended_at: end?.ts ?? null,
  }
}
