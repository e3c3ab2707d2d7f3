// Holds what a home knows of having been put back from a backup, until a person has looked: everything is locked meanwhile.

import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

import { replaceDurable, syncDirectory } from '../../audit/durable-file.ts'
import { faults, type Fault } from '../../std/fault.ts'
import { utf8 } from '../../std/bytes.ts'
import type { Store } from '../../store/open.ts'
import { STORE_FAULTS } from '../../store/faults.ts'
import type { AuditSink } from '../../wire/record.ts'
import type { Clock } from '../../std/clock.ts'
import { dropRow, unknownDrops } from './dropped.ts'
import { backupFault } from './faults.ts'

const storeFault = faults(STORE_FAULTS)

/** `restored.json` of a home. Written by `restore`, changed by the first start, removed when a person lifts the lock. */
const Restored = z.strictObject({
  /** When the backup was made, and when it was put back (RFC 3339). */
  made_at: z.string(),
  restored_at: z.string(),
  /** SHA-256 of the backup's manifest, hexadecimal. */
  manifest: z.string(),
  /** Name of the account that did it, and why. */
  by: z.string(),
  reason: z.string(),
  /** Where the log of the backup ended; null where PostgreSQL has the log. */
  log: z
    .strictObject({ shard: z.string(), size: z.number(), root: z.string(), next: z.string() })
    .nullable(),
  /** Whether what happened after the backup is missing, as far as `restore` could know. */
  lost: z.boolean(),
  /** Whether `log.restored` stands in the log. */
  recorded: z.boolean(),
})
export type Restored = z.infer<typeof Restored>

function fileOf(home: string): string {
  return join(home, 'restored.json')
}

/** Writes it, durably. */
export function writeRestored(home: string, restored: Restored): void {
  replaceDurable(fileOf(home), utf8(`${JSON.stringify(restored, null, 2)}\n`))
}

/** Reads it; undefined where there is none. Throws `backup.unreadable`. */
function readRestored(home: string): Restored | undefined {
  const path = fileOf(home)
  if (!existsSync(path)) return undefined
  try {
    return Restored.parse(JSON.parse(readFileSync(path, 'utf8')))
  } catch (cause) {
    throw backupFault('backup.unreadable', 'restored.json of the home cannot be read', cause)
  }
}

/** Records that the log goes on from a backup, once: a crash before the file says so records it twice. */
export async function recordRestored(home: string, audit: AuditSink): Promise<void> {
  const restored = readRestored(home)
  if (restored === undefined || restored.recorded) return
  const { recorded: _, log, ...body } = restored
  await audit.append({
    type: 'log.restored',
    phase: 'lifecycle',
    body: { ...body, log: log === null ? null : { ...log } },
  })
  writeRestored(home, { ...restored, recorded: true })
}

/**
 * The rows of a home, which are not taken for whole while something may be missing: a lock, a revocation, a suspension of after the backup
 * is in none of them, nor in a log that has dropped the shard which said so. Whoever lifts the lock `integrity` says that they have looked.
 */
export function suspicious(store: Store, home: string, clock: Pick<Clock, 'now'>): Store {
  const restored = (): readonly Fault[] => {
    const found = readRestored(home)
    if (found?.lost !== true) return []
    const { made_at: made } = found
    const detail = `this home was put back from a backup of ${made}: locks, revocations and changes of after that are not in it`
    return [storeFault('store.roll', detail)]
  }
  const older = async (): Promise<readonly Fault[]> =>
    (await unknownDrops(store, home)).map((shard) => {
      const detail = `these rows are older than the removal of the shard ${shard}: what it said of locks and revocations may be missing`
      return storeFault('store.roll', detail)
    })
  return {
    ...store,
    check: async () => [...(await store.check()), ...restored(), ...(await older())],
    async adopt(receipt) {
      await store.adopt(receipt)
      for (const shard of await unknownDrops(store, home)) {
        await dropRow(store, shard, clock.now(), receipt)
      }
      rmSync(fileOf(home), { force: true })
      syncDirectory(home)
    },
  }
}
