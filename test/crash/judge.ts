// Holds what has to be true of a home after a fault: it is opened, and compared with what was acknowledged, done and signed.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { openAuditLog } from '../../src/audit/open.ts'
import { verifyLog } from '../../src/audit/verify.ts'
import type { LoggedRecord } from '../../src/audit/log-reader.ts'
import type { InjectedFault } from './fault-plan.ts'
import { checkpoints, HALF_YEAR_MS, smallLog } from './victim.ts'

/** A victim that has ended. */
export interface Victim {
  readonly folder: string
  /** Lines that it said. */
  readonly said: readonly string[]
  readonly signal: string | null
  readonly hung: boolean
}

/** Opens what is left and says everything that does not hold. `pem` is the log key. */
export async function judge(victim: Victim, fault: InjectedFault, pem: string): Promise<string[]> {
  const { folder, said, signal, hung } = victim
  const wrong: string[] = []
  const kills = ['torn', 'power-off', 'kill-before', 'kill-after'].includes(fault)
  const fired = existsSync(join(folder, 'trace.fired'))
  if (hung) wrong.push('it hung')
  else if (fired && kills !== (signal === 'SIGKILL'))
    wrong.push(`it ended with ${signal ?? 'no signal'}`)
  for (const line of said) if (line.includes('unnamed')) wrong.push(line)
  const home = join(folder, 'home')
  try {
    const pins = checkpoints(home)
    const log = await openAuditLog(smallLog(home, pem, () => HALF_YEAR_MS))
    await log.flush()
    const records = (await log.tail({ limit: 1_000 })).reverse()
    await log.close()
    wrong.push(...compare(records, victim))
    // The log has to continue every checkpoint that was published before the fault, and those that this start found.
    const report = await verifyLog({
      directory: join(home, 'log'),
      vkey: readFileSync(join(home, 'log.vkey'), 'utf8'),
      pins: [...pins, ...words(said, 'pin').map((text) => Buffer.from(text, 'base64').toString())],
    })
    for (const { place, detail } of report.findings) wrong.push(`${place}: ${detail}`)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    wrong.push(`what is left does not open: ${why}`)
  }
  return wrong
}

function compare(records: readonly LoggedRecord[], { said, folder }: Victim): string[] {
  const wrong: string[] = []
  const places = new Map<string, number[]>()
  const answers = new Map<string, number>()
  records.forEach(({ leaf, record }, i) => {
    places.set(leaf, [...(places.get(leaf) ?? []), i])
    if (record.type === 'call.outcome' && record.ref !== undefined) {
      answers.set(record.ref, (answers.get(record.ref) ?? 0) + 1)
    }
  })
  let last = -1
  for (const leaf of words(said, 'ack')) {
    const at = places.get(leaf) ?? []
    if (at.length !== 1) wrong.push(`an acknowledged record is in the log ${at.length} times`)
    if ((at[0] ?? last + 1) <= last) wrong.push('acknowledged records have changed their order')
    last = at[0] ?? last
  }
  for (const leaf of journal(folder)) {
    if (!places.has(leaf)) wrong.push('it acted without an intent')
  }
  for (const { leaf, record } of records) {
    const count = answers.get(leaf) ?? 0
    if (record.type === 'call.intent' && count !== 1) wrong.push(`an intent has ${count} outcomes`)
  }
  return wrong
}

function words(said: readonly string[], kind: string): string[] {
  const lines = said.filter((line) => line.startsWith(`${kind} `))
  return lines.map((line) => line.slice(kind.length + 1))
}

/** Whole lines only: one that a crash tore was not acted on to its end. */
function journal(folder: string): string[] {
  const path = join(folder, 'journal')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}
