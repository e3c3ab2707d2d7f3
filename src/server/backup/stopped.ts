// Holds the backup of a home that nobody runs: its spool is taken into the log first, and the log says that it was backed up.

import { join } from 'node:path'

import { openAuditLog } from '../../audit/open.ts'
import { openKeyRing } from '../../keys/file.ts'
import { lockHome } from '../../store/home-lock.ts'
import { orderOf } from '../database.ts'
import type { Machine } from '../ground.ts'
import { homeFacts } from '../home.ts'
import { settings } from '../settings.ts'
import { backupHome, type BackupMade } from './backup.ts'

/** Backs up a home that is not running. Throws `store.home_in_use`, and what `backupHome` and opening the log throw. */
export async function backupStopped(of: {
  readonly home: string
  readonly to: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly machine: Machine
}): Promise<BackupMade> {
  const { home, to, environment, machine } = of
  const { clock, entropy } = machine
  const read = settings({ home }, environment)
  const lock = lockHome(home)
  try {
    const keys = openKeyRing(join(home, 'keys'), { entropy })
    const origin = `${homeFacts(home, clock, entropy).trust_domain}/log`
    const audit = await openAuditLog({
      home,
      gateway: read.gatewayName,
      origin,
      signer: keys.log,
      clock,
      entropy,
      ...orderOf(read),
    })
    try {
      await audit.flush()
      const made = await backupHome({ home, to, machine })
      await audit.append({
        type: 'home.backed_up',
        phase: 'lifecycle',
        body: { manifest: made.manifest, files: made.files, bytes: made.bytes },
      })
      return made
    } finally {
      await audit.close()
    }
  } finally {
    lock.release()
  }
}
