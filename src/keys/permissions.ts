// Holds the check that key files and their directory belong to us and are closed to everyone else.

import { faults } from '../std/fault.ts'
import { exposure } from '../std/private-path.ts'
import { KEYS_FAULTS } from './faults.ts'

const fault = faults(KEYS_FAULTS)

/** Throws `keys.permissions`, with the command that cures it, unless the path is a plain file or directory of ours alone. */
export function checkKeyPath(path: string, kind: 'file' | 'directory'): void {
  const problem = exposure(path, kind)
  if (problem !== undefined) throw fault('keys.permissions', problem)
}
