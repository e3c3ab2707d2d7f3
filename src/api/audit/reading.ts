// Holds the recording of reading: who looks at the record, or at what a call would send, stands in the record.

import type { JsonObject } from '../../std/json.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'

/**
 * Records that a person reads, before they do: the record and the arguments of calls hold personal data. `what` says what
 * they asked for. Where that cannot be recorded, nothing is shown.
 */
export async function recordReading(
  { audit }: Pick<ControlPorts, 'audit'>,
  person: Person,
  what: JsonObject,
): Promise<void> {
  await audit.append({ type: 'audit.read', phase: 'admin', person: person.id, body: what })
}
