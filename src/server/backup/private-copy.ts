// Holds the copying of a folder into one that this account alone can read, whatever the modes of the other were.

import { copyFileSync, chmodSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Copies files and folders below `from` to `to`, over what is there: 0600 and 0700. Anything else stays behind. */
export function copyPrivately(from: string, to: string): void {
  mkdirSync(to, { recursive: true, mode: 0o700 })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const target = join(to, entry.name)
    if (entry.isDirectory()) copyPrivately(join(from, entry.name), target)
    if (!entry.isFile()) continue
    copyFileSync(join(from, entry.name), target)
    chmodSync(target, 0o600)
  }
}
