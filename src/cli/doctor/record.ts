// Holds the checks of the record: whether the log verifies, who has seen it, what follows it, and when the home was last backed up.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { publicFault } from '../../std/fault.ts'
import { SinksAnswer } from '../../wire/api/export.ts'
import { RetentionAnswer } from '../../wire/api/retention.ts'
import type { Status } from '../../wire/api/status.ts'
import { logPlaces } from '../audit-verify.ts'
import type { Context } from '../context.ts'
import type { Finding } from './finding.ts'
import { checkRecording } from './recording.ts'
import { checkWitnesses } from './witnesses.ts'

/** Records up to which the whole log is verified here and now; of a larger one its end is. */
const QUICK_RECORDS = 100_000
/** Records that search may be behind without being worth a word. */
const BEHIND = 10_000
/** How old a backup may be. */
const BACKUP_MS = 7 * 86_400_000

/** All checks of the record. `deep` verifies the whole log, however large. */
export async function checkRecord(
  context: Context,
  status: Status | undefined,
  deep: boolean,
): Promise<Finding[]> {
  return [
    await checkLog(context, status?.log.size, deep),
    ...(status === undefined
      ? []
      : [
          ...checkRecording(status, context.screen.now),
          checkWitnesses(
            existsSync(join(context.home, 'witness.policy')),
            status,
            context.screen.now,
          ),
          checkSearch(status),
          ...(await checkSinks(context)),
          await checkRetention(context),
          checkBackup(status, context.screen.now),
        ]),
  ]
}

async function checkLog(
  { home }: Context,
  size: number | undefined,
  deep: boolean,
): Promise<Finding> {
  const check = 'log'
  try {
    const { readFileSync } = await import('node:fs')
    const { IndexCheck, verifyLog } = await import('../../server/verify.ts')
    const { log, vkey, index } = logPlaces(home)
    const part = !deep && size !== undefined && size > QUICK_RECORDS
    // What people look records up in is a database of this account: it says what the log says, or hides something.
    const checked = part || index === undefined ? undefined : IndexCheck.open(index)
    const report = await verifyLog({
      directory: log,
      vkey: readFileSync(vkey, 'utf8'),
      ...(part && { range: [size - QUICK_RECORDS, size - 1] as const }),
      ...(checked !== undefined && { index: { check: checked, log } }),
    }).finally(() => checked?.close())
    const count = report.findings.length + report.more
    if (count > 0) {
      const detail = `deviates in ${count} ${count === 1 ? 'place' : 'places'}`
      return { check, state: 'bad', detail, next: 'bailiwick audit verify' }
    }
    if (!part && size !== undefined && report.records < size) {
      const detail = `its files hold ${report.records} records, and the server published ${size}`
      return { check, state: 'bad', detail, next: 'bailiwick audit verify' }
    }
    if (!part) return { check, state: 'ok', detail: `${report.records} records, whole` }
    const detail = `the newest ${report.records} of ${size} records are whole; the others were not read`
    return { check, state: 'ok', detail, next: 'bailiwick doctor --deep' }
  } catch (error) {
    const { detail, next } = publicFault(error)
    return { check, state: 'bad', detail: `cannot be verified: ${detail}`, next }
  }
}

function checkSearch({ log }: Status): Finding {
  const behind = log.size - log.indexed
  const detail = `${log.indexed} of ${log.size} records can be searched`
  if (behind <= BEHIND) return { check: 'search', state: 'ok', detail }
  return { check: 'search', state: 'warn', detail, next: 'wait: it catches up by itself' }
}

async function checkSinks(context: Context): Promise<Finding[]> {
  try {
    const control = await context.control()
    const { sinks } = await control.get('/v1/audit/sinks', SinksAnswer)
    return sinks.map(({ name, target, lag, problem }): Finding => {
      const check = 'sink'
      if (problem === null) return { check, state: 'ok', detail: `${name}: ${lag} records behind` }
      const next = `bailiwick audit sink test ${name}`
      return { check, state: 'bad', detail: `${name} (${target}): ${problem}`, next }
    })
  } catch (error) {
    const { detail, next } = publicFault(error)
    return [{ check: 'sink', state: 'warn', detail: `cannot be asked about: ${detail}`, next }]
  }
}

async function checkRetention(context: Context): Promise<Finding> {
  const check = 'retention'
  const next = 'bailiwick audit retention'
  try {
    const control = await context.control()
    const { in_database, keep, shards, problem } = await control.get(
      '/v1/audit/retention',
      RetentionAnswer,
    )
    if (problem !== null) return { check, state: 'bad', detail: problem, next }
    const waiting = shards.find(({ state }) => state === 'waits')
    if (waiting !== undefined) {
      const detail = `the shard ${waiting.shard} is due, and waits: ${waiting.why}`
      return { check, state: 'warn', detail, next }
    }
    if (in_database.length > 0) {
      const detail = `PostgreSQL still holds records of ${in_database.length} dropped shards`
      return { check, state: 'warn', detail, next: 'bailiwick audit retention --in-database' }
    }
    const gone = shards.filter(({ state }) => state === 'dropped').length
    const detail = keep === 'forever' ? 'the log is kept forever' : `shards are kept for ${keep}`
    return { check, state: 'ok', detail: gone === 0 ? detail : `${detail}; ${gone} have gone` }
  } catch (error) {
    const { detail } = publicFault(error)
    return { check, state: 'warn', detail: `cannot be asked about: ${detail}`, next }
  }
}

function checkBackup({ backup_at: at }: Status, now: number): Finding {
  const check = 'backup'
  const next = 'bailiwick backup FOLDER'
  if (at === null) return { check, state: 'warn', detail: 'this home was never backed up', next }
  const detail = `the last one is of ${at.slice(0, 16).replace('T', ' ')}`
  if (now - Date.parse(at) <= BACKUP_MS) return { check, state: 'ok', detail }
  return { check, state: 'warn', detail, next }
}
