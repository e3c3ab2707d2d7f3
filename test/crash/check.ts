// Holds what has to be true after every crash: compared are the callers, the upstream's own files, and the log.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { LogFollower } from '../../src/audit/log-follow.ts'
import { Subjects } from '../../src/audit/side/subjects.ts'
import { openKeyRing } from '../../src/keys/file.ts'
import { openCommitments } from '../../src/server/commitments.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { canonicalJson } from '../../src/std/json.ts'
import { openStore } from '../../src/store/open.ts'
import { leafHash } from '../../src/tlog/hash.ts'
import { base64url } from '../../src/std/bytes.ts'
import { InstancesAnswer } from '../../src/wire/api/instance.ts'
import { LocksAnswer } from '../../src/wire/api/lock.ts'
import type { AuditRecord } from '../../src/wire/record.ts'
import type { Bailiwick } from '../e2e/bailiwick.ts'
import { FakeAudit } from '../fakes/audit.ts'
import type { Witness } from './witness.ts'

/** Figures of one check, for people. */
export interface Checked {
  readonly records: number
  readonly executed: number
  readonly intents: number
  readonly unknown: number
  readonly boots: number
}

interface Logged extends AuditRecord {
  readonly leaf: string
}

/** Throws with every deviation that it finds. */
export async function check(
  bailiwick: Bailiwick,
  witness: Witness,
  journals: string,
  boots: { readonly least: number; readonly most: number },
): Promise<Checked> {
  const wrong: string[] = []
  const report = await bailiwick.verify()
  for (const { place, detail } of report.findings) wrong.push(`log: ${place}: ${detail}`)
  const { length } = report.boots
  if (length < boots.least || length > boots.most) {
    wrong.push(`${length} boots, not ${boots.least} to ${boots.most}`)
  }
  for (const { boot, records, iseq } of report.boots) {
    if (records !== iseq) wrong.push(`boot ${boot}: ${records} records up to number ${iseq}`)
  }
  const records = readLog(bailiwick.home)
  const intents = records.filter(({ type }) => type === 'call.intent')
  const executed = readJournals(journals)
  checkOutcomes(records, intents, wrong)
  await checkExecutions(bailiwick.home, intents, executed, witness, wrong)
  checkAcknowledged(records, witness, wrong)
  await checkState(bailiwick, witness, wrong)
  if (wrong.length > 0) throw new Error(`after the crash:\n  ${wrong.slice(0, 20).join('\n  ')}`)
  const unknown = records.filter(({ body }) => body['status'] === 'unknown').length
  return {
    records: records.length,
    executed: executed.length,
    intents: intents.length,
    unknown,
    boots: length,
  }
}

function readLog(home: string): Logged[] {
  const follower = new LogFollower(home)
  const out: Logged[] = []
  for (let read = follower.entries(0, 4_096); read.length > 0;) {
    for (const { entry } of read) {
      const record = JSON.parse(Buffer.from(entry).toString('utf8')) as AuditRecord
      out.push({ ...record, leaf: base64url(leafHash(entry)) })
    }
    read = follower.entries(out.length, 4_096)
  }
  follower.close()
  return out
}

/** Whole lines only: one that a crash tore was not executed to its end. */
function readJournals(folder: string): string[] {
  return readdirSync(folder).flatMap((name) =>
    readFileSync(join(folder, name), 'utf8').split('\n').slice(0, -1),
  )
}

/** Every intent has exactly one outcome, and every outcome an intent. */
function checkOutcomes(
  records: readonly Logged[],
  intents: readonly Logged[],
  wrong: string[],
): void {
  const outcomes = new Map<string, number>()
  for (const { type, ref } of records) {
    if (type !== 'call.outcome' || ref === undefined) continue
    outcomes.set(ref, (outcomes.get(ref) ?? 0) + 1)
  }
  for (const { leaf, call } of intents) {
    const count = outcomes.get(leaf) ?? 0
    if (count !== 1) wrong.push(`the intent of ${call} has ${count} outcomes`)
    outcomes.delete(leaf)
  }
  for (const ref of outcomes.keys()) wrong.push(`an outcome of no intent: ${ref}`)
}

/** Nothing ran that was not recorded first, nothing ran more often than it was recorded, nothing ran twice on one approval. */
async function checkExecutions(
  home: string,
  intents: readonly Logged[],
  executed: readonly string[],
  witness: Witness,
  wrong: string[],
): Promise<void> {
  const commitments = await commitmentsOf(home)
  const people = [...new Set(intents.map(({ person }) => person))]
  const recorded = new Map<string, number>()
  const approvals = new Set<string>()
  for (const { action, body, call } of intents) {
    const key = `${action} ${JSON.stringify(body['arguments'])}`
    recorded.set(key, (recorded.get(key) ?? 0) + 1)
    const approval = body['approval']
    if (action === 'gated' && typeof approval !== 'string') wrong.push(`${call} had no approval`)
    if (typeof approval !== 'string') continue
    if (approvals.has(approval)) wrong.push(`the approval ${approval} was used twice`)
    approvals.add(approval)
  }
  const runs = new Map<string, number>()
  for (const line of executed) runs.set(line, (runs.get(line) ?? 0) + 1)
  const intendedOf = (line: string): number => {
    const [action, id] = line.split(' ') as [string, string]
    const commit = (person: string | undefined) => commitments.commit(canonicalJson({ id }), person)
    const keys = new Set(people.map((person) => `${action} ${JSON.stringify(commit(person))}`))
    return [...keys].reduce((sum, key) => sum + (recorded.get(key) ?? 0), 0)
  }
  for (const [line, count] of runs) {
    if (line.startsWith('forbidden ')) wrong.push(`it ran: ${line}`)
    const intended = intendedOf(line)
    if (count > intended) wrong.push(`${line} ran ${count} times with ${intended} intents`)
    if (line.startsWith('append ') && count > 1) wrong.push(`${line} ran ${count} times`)
  }
  for (const id of witness.answered) {
    const line = [`append ${id}`, `gated ${id}`].find((one) => intendedOf(one) > 0)
    if (line === undefined) wrong.push(`${id} was answered and has no intent`)
    else if (!runs.has(line)) wrong.push(`${id} was answered and never ran`)
  }
}

/** The commitments of a home that nobody runs, under the keys of its people. */
async function commitmentsOf(home: string): Promise<ReturnType<typeof openCommitments>> {
  const keys = join(home, 'keys')
  const ring = openKeyRing(keys, { entropy: systemEntropy })
  const store = await openStore({ directory: home, signer: ring.authority })
  const parts = { store, keys: ring, audit: new FakeAudit(), clock: systemClock }
  const subjects = await Subjects.load({ ...parts, entropy: systemEntropy })
  await store.close()
  return openCommitments({ keys, sealer: ring.encryption, entropy: systemEntropy }, subjects)
}

/** What people and agents were told is in the log. */
function checkAcknowledged(records: readonly Logged[], witness: Witness, wrong: string[]): void {
  const denied = new Set(records.filter((r) => r.type === 'call.denied').map((r) => r.call))
  for (const call of witness.refused) {
    if (!denied.has(call)) wrong.push(`${call} was refused, and there is no record of it`)
  }
  const approved = new Set(
    records.filter((r) => r.type === 'approval.approved').map((r) => r.body['approval']),
  )
  for (const id of witness.approved) {
    if (!approved.has(id)) wrong.push(`${id} was approved, and there is no record of it`)
  }
}

/** What was given or taken is still given or taken. */
async function checkState(bailiwick: Bailiwick, witness: Witness, wrong: string[]): Promise<void> {
  const { instances } = await bailiwick.control.get('/v1/instances', InstancesAnswer)
  const live = new Set(instances.map(({ id }) => id))
  for (const id of witness.enrolled) {
    if (!live.has(id)) wrong.push(`the instance ${id} was enrolled and is not there`)
  }
  const { locks } = await bailiwick.control.get('/v1/locks', LocksAnswer)
  const there = new Set(locks.map(({ id }) => id))
  if (there.has('integrity')) wrong.push('the database is not whole: everything is locked')
  const { lock } = witness
  if (lock?.state === 'added' && !there.has(lock.id)) wrong.push(`the lock ${lock.id} is lost`)
  if (lock?.state === 'removed' && there.has(lock.id)) wrong.push(`the lock ${lock.id} is back`)
  for (const one of locks) if (one.id !== 'integrity') await bailiwick.unlock(one.id)
  witness.lock = undefined
}
