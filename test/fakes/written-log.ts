// Holds logs that are written to order: sealed, laid and signed by the product's own code, without a disk's wait per record.

import { join } from 'node:path'
import { Envelope } from '../../src/audit/envelope.ts'
import { LogFolder } from '../../src/audit/log-folder.ts'
import { openLogKey } from '../../src/audit/log-key.ts'
import { ShardWriter } from '../../src/audit/shard-writer.ts'
import { intent, logSigner } from '../../src/audit/testbed.test.ts'
import { EntropyPool } from '../../src/std/entropy-pool.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { utf8 } from '../../src/std/bytes.ts'
import type { Signer } from '../../src/keys/ring.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { EMPTY_ROOT, leafHash } from '../../src/tlog/hash.ts'
import { noteVerifier, parseVkey, signNote } from '../../src/tlog/note.ts'

/** Origin of the logs written here. */
export const ORIGIN = 'audit.test/log'
/** Their one shard. */
export const SHARD = '2026h2'

/** This many records of one start of one gateway. */
export function sealedEntries(
  count: number,
  boot = '01a204f2-383b-7306-a4c7-0552c2623573',
): Uint8Array[] {
  const envelope = new Envelope('gw-test', boot, systemClock, new EntropyPool(systemEntropy))
  return Array.from({ length: count }, (_, i) => utf8(envelope.seal(intent(`call-${i}`)).text))
}

/** What is there once a log is written. */
export interface WrittenLog {
  readonly home: string
  /** `<home>/log`. */
  readonly log: string
  /** `<home>/log/<shard>`. */
  readonly shard: string
  /** `<home>/log.vkey`. */
  readonly vkey: string
  /** Appends and publishes. */
  readonly append: (entries: readonly Uint8Array[]) => void
  /** The published checkpoint. */
  readonly checkpoint: () => string
}

/** Writes a log of these entries below `home`, one checkpoint over all of them. */
export function writeLog(
  home: string,
  entries: readonly Uint8Array[],
  {
    signer = logSigner(),
    shard = SHARD,
    base = 0,
  }: { signer?: Signer; shard?: string; base?: number } = {},
): WrittenLog {
  const key = openLogKey(home, ORIGIN, signer)
  const files = new LogFolder(join(home, 'log')).shard(shard)
  const noteSigner = key.shard(shard)
  const own = parseVkey(key.vkey)
  const verifier = noteVerifier({ ...own, name: noteSigner.name, keyId: noteSigner.keyId })
  const begun = { name: shard, base, size: 0, root: EMPTY_ROOT }
  const writer = new ShardWriter(files, begun, verifier)
  const written: WrittenLog = {
    home,
    log: join(home, 'log'),
    shard: files.directory,
    vkey: join(home, 'log.vkey'),
    append(more) {
      writer.append(more, more.map(leafHash))
      const { size, root } = writer.head
      const body = formatCheckpoint({ origin: noteSigner.name, size, root })
      writer.publish(size, signNote(body, [noteSigner]))
    },
    checkpoint: () => files.checkpoint() ?? '',
  }
  written.append(entries)
  return written
}
