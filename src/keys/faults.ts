// Holds the fault codes of the keys floor.

import type { FaultCatalogue } from '../std/fault.ts'

/** Codes of key custody. */
export const KEYS_FAULTS = {
  'keys.permissions': {
    status: 500,
    next: 'run the chmod or chown command that is named, then start again; replace the keys if somebody may have read them',
  },
  'keys.incomplete': {
    status: 500,
    next: 'restore the missing key files from the backup of this home; new ones would not match what the old ones signed',
  },
  'keys.unreadable': { status: 500, next: 'restore the key file from the backup of this home' },
  'keys.unsealable': {
    status: 500,
    next: 'restore the keys and the database from the same backup, or store the value again',
  },
} as const satisfies FaultCatalogue
