// Holds what can be wrong with a backup, with what to do about it.

import { faults, type FaultKind } from '../../std/fault.ts'

/** Codes of backups. */
export const BACKUP_FAULTS = {
  'backup.target': {
    status: 400,
    next: 'name a folder that is not there yet, outside of the home, on a disk with room',
  },
  'backup.shard': { status: 404, next: 'name a shard that this log has' },
  'backup.log': {
    status: 500,
    next: 'run bailiwick audit verify: the log has to be whole before it can be backed up',
  },
  'backup.unreadable': {
    status: 422,
    next: 'use a backup that is complete and unchanged: bailiwick backup names its folder last, so an unfinished one has no manifest',
  },
  'backup.changed': {
    status: 422,
    next: 'use another copy: somebody or something has changed this one since it was made',
  },
  'backup.other': {
    status: 422,
    next: 'give the verifier key of the log whose backup this is, or the backup of that log',
  },
  'backup.home': {
    status: 409,
    next: 'restore into a folder that is empty or not there, and look at the other one first',
  },
} as const satisfies Readonly<Record<string, FaultKind>>

/** Makes a fault of this catalogue. */
export const backupFault = faults(BACKUP_FAULTS)
