// Holds how an audit log is opened; what it does after a crash is what it does every day.

import { join } from 'node:path'

import { isName, uuidv7 } from '../std/id.ts'
import type { RecordDraft } from '../wire/record.ts'
import { EntropyPool } from '../std/entropy-pool.ts'
import { BreakGlassWatch } from './break-glass-watch.ts'
import { makeDirectory } from './durable-file.ts'
import { Envelope } from './envelope.ts'
import { fault } from './faults.ts'
import { openLogKey, type LogKey } from './log-key.ts'
import { LogFolder } from './log-folder.ts'
import { LogIndex, type BootMark } from './log-index.ts'
import { readRecords } from './log-reader.ts'
import { AuditLog, type AuditLogParts } from './log.ts'
import { auditLimits, type AuditLogOptions } from './options.ts'
import { RecordQuota } from './quota.ts'
import { AckGate } from './postgres/ack.ts'
import { PostgresLink } from './postgres/link.ts'
import { Reserve } from './reserve.ts'
import { ownOutcome } from './outcome.ts'
import { SequencerLink } from './sequencer-link.ts'
import { Spool } from './spool.ts'
import type { SpoolScan } from './spool-scan.ts'
import { SpoolSink } from './spool-sink.ts'
import type { SpoolThread } from './spool-thread.ts'

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
  const { checkpointMs, heartbeatMs, segmentBytes, keptBytes } = limits
  const { sequencer, scan, gate } = await openSequencer(options, key, checkpointMs)
  const boot = uuidv7(clock, entropy)
  const directory = join(home, 'spool')
  const first = (scan.end?.segment ?? 0) + 1
  const writer = { directory, gateway, boot, key: signer.keyId, segmentBytes, keptBytes, first }
  const sink = await SpoolSink.open(
    scan.end === undefined ? writer : { ...writer, previous: scan.end },
  ).catch(async (error: unknown) => {
    await sequencer.close()
    throw error
  })
  const thread = gate(sink)
  const spool = new Spool(thread, clock, limits, sink.position)
  sequencer.onFailure((error) => spool.fail(error.detail))
  const folder = new LogFolder(join(home, 'log'))
  const index = new LogIndex(join(home, 'log-state.sqlite'))
  const envelope = new Envelope(gateway, boot, clock, new EntropyPool(entropy))
  const previous = index.newestBoot(gateway)
  const open = index.openIntents()
  const { shards } = sequencer.head
  const log = new AuditLog({
    envelope,
    spool,
    thread,
    sequencer,
    folder,
    index,
    heartbeatMs,
    ...guards(options),
  })
  let unanswered = 0
  try {
    for (let at = 0; at < open.length; at += RECOVERY_BATCH) {
      const found = readRecords(folder, shards, open.slice(at, at + RECOVERY_BATCH))
      // Where several gateways write one log, those of the others are under way, or theirs to answer.
      const intents = found.filter(
        ({ record }) => options.database === undefined || record.gateway === gateway,
      )
      unanswered += intents.length
      const unknown = { status: 'unknown', cause: 'crash' } as const
      await Promise.all(
        intents.map(({ record, leaf }) => log.append(ownOutcome(record, leaf, unknown))),
      )
      // At the pace of the log: what is answered must not pile up in front of it.
      await sequencer.reach(spool.position).catch(() => sequencer.problem)
    }
    await log.append(startRecord(previous, unanswered, scan))
    if (previous !== undefined && !stopped(index, folder, shards, previous)) {
      const body = { gateway, boot: previous.boot, iseq: previous.iseq }
      await log.append({ type: 'gateway.lost', phase: 'lifecycle', body })
    }
  } catch (error) {
    await log.close().catch(() => error)
    throw error
  }
  hearRefusals({ sequencer, gateway, boot, spool, log })
  const watch = new BreakGlassWatch({
    home,
    now: () => clock.now(),
    directory: () => sink.directory,
    move: (folder) => sink.move(folder, spool),
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

/** Stops that are looked through for the newest of one gateway. */
const STOPS = 100

/** How many records one instance may cause where nobody says otherwise. */
const QUOTA = { perSecond: 2_000, perDay: 20_000_000 }

/** What keeps the disk from being filled. */
function guards({
  quota = QUOTA,
  clock,
}: AuditLogOptions): Pick<AuditLogParts, 'reserve' | 'quota' | 'clock'> {
  return { reserve: new Reserve(), quota: new RecordQuota(quota, clock), clock }
}

/** Whether a boot ended in order: the newest stop of all is its. */
function stopped(
  index: LogIndex,
  folder: LogFolder,
  shards: AuditLog['shards'],
  { boot, gateway }: BootMark,
): boolean {
  const stops = index.tail({ type: 'gateway.stop' }, Number.MAX_SAFE_INTEGER, STOPS)
  const own = readRecords(folder, shards, stops).find(({ record }) => record.gateway === gateway)
  return own?.record.boot === boot
}

function startRecord(previous: BootMark | undefined, open: number, scan: SpoolScan): RecordDraft {
  const recovered = { open_intents: open, torn_bytes: scan.torn }
  const before = previous === undefined ? null : { boot: previous.boot, iseq: previous.iseq }
  return { type: 'gateway.start', phase: 'lifecycle', body: { previous: before, recovered } }
}
