// Holds the check that a home and its database files belong to us and are closed to everyone else.

import { faults } from '../std/fault.ts'
import { exposure } from '../std/private-path.ts'
import { STORE_FAULTS } from './faults.ts'

const fault = faults(STORE_FAULTS)

/** Throws `store.permissions` when the path is another's, open to others, or not what it should be; absent is fine. */
export function checkPrivate(path: string, kind: 'file' | 'directory'): void {
  const problem = exposure(path, kind)
  if (problem !== undefined) throw fault('store.permissions', problem)
}
