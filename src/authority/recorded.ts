// Holds the walk back through the records of one type, and the receipt by which a row that is made from a record names it.

import type { AuditLog } from '../audit/log.ts'
import type { LoggedRecord } from '../audit/log-reader.ts'
import type { Receipt } from '../wire/record.ts'

/** Records read at a time. */
const PAGE = 1_000

/**
 * Every record of a type, the newest first; none is read any more once a page ends before `oldest` (ms since the epoch). Whoever has seen
 * enough stops asking.
 */
export async function* recorded(
  audit: Pick<AuditLog, 'tail'>,
  type: string,
  oldest = -Infinity,
): AsyncGenerator<LoggedRecord> {
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await audit.tail({ type, limit: PAGE, before })
    yield* page
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE || Date.parse(last.record.ts) < oldest) return
    before = last.index
  }
}

/** The receipt that a record was acknowledged with. */
export function receiptOf({ record, leaf }: LoggedRecord): Receipt {
  return { id: record.id, leaf, ts: record.ts }
}
