// Holds how a group of records gets into the database: each once, and none in the place of another.

import { fault } from '../faults.ts'
import { numberOf, type LogConnection } from './connection.ts'
import type { SpoolSeal } from './seal.ts'

const ATTACH = 'SELECT audit.attach($1, $2::uuid)'
const SHIP = `
WITH given AS (SELECT * FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[]) AS t (gateway, boot, iseq, entry, seal)),
put AS (INSERT INTO audit.spool (gateway, boot, iseq, entry, seal) SELECT * FROM given ON CONFLICT DO NOTHING RETURNING *)
SELECT count(*) AS put, pg_notify('bailiwick_audit', 'spool')
FROM put JOIN given USING (gateway, boot, iseq) WHERE put.entry = given.entry AND put.seal = given.seal`
/** What was there before has to be the same, and what a trigger made of these. A statement of its own: it must see what the insert ran into. */
const DIFFERENT = `
SELECT t.gateway, t.boot::text AS boot, t.iseq
FROM unnest($1::text[], $2::uuid[], $3::bigint[], $4::bytea[], $5::bytea[]) AS t (gateway, boot, iseq, entry, seal)
LEFT JOIN audit.spool s USING (gateway, boot, iseq) WHERE s.entry IS DISTINCT FROM t.entry OR s.seal IS DISTINCT FROM t.seal LIMIT 1`

/** Records in the order of their boots: place by place, of the same length each. */
export interface RecordGroup {
  readonly gateways: string[]
  readonly boots: string[]
  readonly iseqs: number[]
  readonly entries: Buffer[]
}

/**
 * Seals a group and commits it, as often as it takes; `attached` are the boots that the database knows. Throws `audit.unavailable`, and
 * `audit.corrupt` where the database holds another record in the place of one of these.
 */
export async function putRecords(
  connection: LogConnection,
  attached: Set<string>,
  seal: SpoolSeal,
  { gateways, boots, iseqs, entries }: RecordGroup,
): Promise<void> {
  for (const [i, boot] of boots.entries()) {
    if (attached.has(boot)) continue
    await connection.rows('attach', ATTACH, [gateways[i], boot])
    attached.add(boot)
  }
  const seals = entries.map((entry, i) =>
    seal.of({ gateway: gateways[i] ?? '', boot: boots[i] ?? '', iseq: iseqs[i] ?? 0, entry }),
  )
  const values = [gateways, boots, iseqs, entries, seals]
  const [row] = await connection.rows('ship', SHIP, values)
  if (numberOf(row, 'put') === entries.length) return
  const [other] = await connection.rows('different', DIFFERENT, values)
  if (other === undefined) return
  const which = `number ${numberOf(other, 'iseq')} of boot ${String(other['boot'])}`
  throw fault('audit.corrupt', `the database holds another record as ${which} of this gateway`)
}
