// Holds how an audit log is opened; what it does after a crash is what it does every day.

import { join } from 'node:path'

import { Fault } from '../std/fault.ts'
import { isName, uuidv7 } from '../std/id.ts'
import { EntropyPool } from '../std/entropy-pool.ts'
import { BreakGlassWatch, firstPlace } from './break-glass-watch.ts'
import { makeDirectory } from './durable-file.ts'
import { Envelope } from './envelope.ts'
import { fault } from './faults.ts'
import { openLogKey, type LogKey } from './log-key.ts'
import { LogFolder } from './log-folder.ts'
import { LogIndex, type BootMark } from './log-index.ts'
import { readRecords, type LoggedRecord } from './log-reader.ts'
import { AuditLog, type AuditLogParts } from './log.ts'
import { auditLimits, type AuditLogOptions } from './options.ts'
import { RecordQuota } from './quota.ts'
import { AckGate } from './postgres/ack.ts'
import { PostgresLink } from './postgres/link.ts'
import { finishDrops } from './retention/finish.ts'
import { Receipts } from './receipts.ts'
import { lostBoots } from './past-boots.ts'
import { Reserve } from './reserve.ts'
import { ownOutcome } from './outcome.ts'
import { SequencerLink } from './sequencer-link.ts'
import { Spool } from './spool.ts'
import type { SpoolScan } from './spool-scan.ts'
import { SpoolSink } from './spool-sink.ts'
import type { SpoolThread } from './spool-thread.ts'

/** Longest from a receipt's time to its record's place under a published checkpoint, while the process runs (ms). */
const MMD_MS = 60_000
/** Intents that recovery answers at a time. */
const RECOVERY_BATCH = 512

/**
 * Opens the log of a home: sequences what is in the spool, answers every intent that a crash left open with `unknown`,
 * and records `gateway.start`. Throws `audit.corrupt`, `audit.rolled_back`, `audit.key`, `audit.newer`, `audit.options`,
 * `audit.unavailable`.
 */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { home, gateway, origin, signer, clock, entropy } = options
  const limits = auditLimits(options.limits)
  if (gateway === '') throw fault('audit.options', 'a gateway has a name')
  const key = openLogKey(home, origin, signer)
  const { sequencer, scan, gate } = await openSequencer(options, key, limits.checkpointMs)
  const boot = uuidv7(clock, entropy)
  const sink = await openSink(options, boot, scan).catch(async (error: unknown) => {
    await sequencer.close()
    throw error
  })
  const thread = gate(sink)
  const spool = new Spool(thread, clock, limits, sink.position)
  sequencer.onFailure((error) => spool.fail(error.detail))
  const folder = new LogFolder(join(home, 'log'))
  const { index, found } = await lookBack(options, folder, scan).catch(async (error: unknown) => {
    thread.post({ kind: 'close' }, [])
    await thread.ended()
    await sequencer.close()
    throw error
  })
  const log = new AuditLog({
    envelope: new Envelope(gateway, boot, clock, new EntropyPool(entropy)),
    spool,
    thread,
    sequencer,
    folder,
    index,
    heartbeatMs: limits.heartbeatMs,
    receipts: new Receipts({ signer: key.own(), mmdMs: MMD_MS }),
    ...guards(options),
  })
  try {
    const read = (indices: readonly number[]): LoggedRecord[] =>
      readRecords(folder, index.shards(), indices)
    // At the pace of the log: what is answered must not pile up in front of it.
    const pace = (): Promise<unknown> =>
      sequencer.reach(spool.position).catch(() => sequencer.problem)
    await recover(log, found, options, read, pace)
  } catch (error) {
    await log.close().catch(() => error)
    throw error
  }
  hearRefusals({ sequencer, gateway, boot, spool, log })
  const watch = new BreakGlassWatch({
    home,
    now: () => clock.now(),
    directory: () => sink.directory,
    move: (to) => sink.move(to, spool),
    record: (body) => log.append({ type: 'audit.break_glass', phase: 'lifecycle', body }),
  })
  await watch.look()
  log.beat(watch)
  return log
}

/** Records what stands in PostgreSQL that no gateway of this log recorded; where it stands in place of a record of this boot, nothing is recorded any more. */
function hearRefusals(of: {
  readonly sequencer: SequencerLink | PostgresLink
  readonly gateway: string
  readonly boot: string
  readonly spool: Spool
  readonly log: AuditLog
}): void {
  const { sequencer, spool, log } = of
  if (!(sequencer instanceof PostgresLink)) return
  sequencer.onRefused(({ gateway, boot, iseq, leading }) => {
    if (gateway === of.gateway && boot === of.boot) {
      const what = `number ${iseq} of this boot in the database is not what this gateway recorded`
      return spool.fail(what)
    }
    if (!leading) return
    // A name that somebody made up may say anything: the log takes what can be a name.
    const body = { gateway: isName(gateway) ? gateway : null, boot, iseq }
    log.append({ type: 'log.refused', phase: 'lifecycle', body }, false).catch(() => undefined)
  })
}

/** The thread that writes, on the disk of a break-glass where one lasts; on that of the home where there is none, or it does not take it. */
async function openSink(
  { home, gateway, signer, clock, limits }: AuditLogOptions,
  boot: string,
  { end }: SpoolScan,
): Promise<SpoolSink> {
  const { segmentBytes, keptBytes } = auditLimits(limits)
  const first = (end?.segment ?? 0) + 1
  const directory = join(home, 'spool')
  const writer = { directory, gateway, boot, key: signer.keyId, segmentBytes, keptBytes, first }
  const options = end === undefined ? writer : { ...writer, previous: end }
  const elsewhere = firstPlace(home, clock.now())
  if (elsewhere === undefined) return SpoolSink.open(options)
  return SpoolSink.open({ ...options, directory: elsewhere }).catch(() => SpoolSink.open(options))
}

/** Opens the index, finishes what was being dropped, and finds what earlier processes left. */
async function lookBack(
  { home, gateway }: AuditLogOptions,
  folder: LogFolder,
  { torn }: SpoolScan,
): Promise<{ readonly index: LogIndex; readonly found: Found }> {
  let index: LogIndex | undefined
  try {
    index = new LogIndex(join(home, 'log-state.sqlite'))
    await finishDrops(home, folder, index)
    const open = index.openIntents()
    const previous = index.newestBoot(gateway)
    return { index, found: { open, previous, lost: lostBoots(gateway, { index, folder }), torn } }
  } catch (cause) {
    index?.close()
    if (cause instanceof Fault) throw cause
    throw fault('audit.unavailable', 'log-state.sqlite cannot be read', cause)
  }
}

/** What earlier processes left. */
interface Found {
  /** Indices of intents that nothing answers. */
  readonly open: readonly number[]
  readonly previous: BootMark | undefined
  readonly lost: readonly BootMark[]
  readonly torn: number
}

/** Answers every intent that a crash left open, records the start, and names the starts of before that ended without a word. */
async function recover(
  log: AuditLog,
  { open, previous, lost, torn }: Found,
  { database, gateway }: AuditLogOptions,
  read: (indices: readonly number[]) => LoggedRecord[],
  pace: () => Promise<unknown>,
): Promise<void> {
  let unanswered = 0
  for (let at = 0; at < open.length; at += RECOVERY_BATCH) {
    // Where several gateways write one log, those of the others are under way, or theirs to answer.
    const intents = read(open.slice(at, at + RECOVERY_BATCH)).filter(
      ({ record }) => database === undefined || record.gateway === gateway,
    )
    if (intents.length === 0) continue
    unanswered += intents.length
    const unknown = { status: 'unknown', cause: 'crash' } as const
    await Promise.all(
      intents.map(({ record, leaf }) => log.append(ownOutcome(record, leaf, unknown))),
    )
    await pace()
  }
  const recovered = { open_intents: unanswered, torn_bytes: torn }
  const before = previous === undefined ? null : { boot: previous.boot, iseq: previous.iseq }
  await log.append({
    type: 'gateway.start',
    phase: 'lifecycle',
    body: { previous: before, recovered },
  })
  for (const { boot, iseq } of lost) {
    await log.append({
      type: 'gateway.lost',
      phase: 'lifecycle',
      body: { gateway, boot, iseq },
    })
  }
}

/** Who gives records their indices, and when a record counts. */
interface Sequenced {
  readonly sequencer: SequencerLink | PostgresLink
  readonly scan: SpoolScan
  readonly gate: (thread: Omit<SpoolThread, 'position'>) => AuditLogParts['thread']
}

/** This home's own sequencer, or the order of PostgreSQL. */
async function openSequencer(
  { home, gateway, database }: AuditLogOptions,
  key: LogKey,
  checkpointMs: number,
): Promise<Sequenced> {
  if (database === undefined) {
    const { link, scan } = await SequencerLink.open({ home, key, checkpointMs })
    return { sequencer: link, scan, gate: (thread) => thread }
  }
  const { url, ack } = database
  for (const folder of ['spool', 'log']) makeDirectory(join(home, folder))
  const { link, scan } = await PostgresLink.open({ home, gateway, url, key, checkpointMs })
  return { sequencer: link, scan, gate: (thread) => new AckGate(thread, link, ack) }
}

/** How many records one instance may cause where nobody says otherwise. */
const QUOTA = { perSecond: 2_000, perDay: 20_000_000 }

/** What keeps the disk from being filled. */
function guards({
  quota = QUOTA,
  clock,
}: AuditLogOptions): Pick<AuditLogParts, 'reserve' | 'quota' | 'clock'> {
  return { reserve: new Reserve(), quota: new RecordQuota(quota, clock), clock }
}
