// Holds the copying of folders that somebody else writes meanwhile: what goes away was replaced by something that stays.

import { copyFileSync, lstatSync, mkdirSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Copies checkpoints alone, below a log or a shard. */
export function copyCheckpoints(from: string, to: string, below = ''): void {
  const folder = join(from, below)
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(below, entry.name)
    if (entry.isDirectory() && entry.name !== 'tile') copyCheckpoints(from, to, path)
    if (entry.isFile() && entry.name.startsWith('checkpoint')) copyFile(from, to, path)
  }
}

/** Copies what is below a name: files and folders alone. What goes away meanwhile was replaced by something that stays. */
export function copyTree(
  from: string,
  to: string,
  path: string,
  wanted: (name: string) => boolean = () => true,
): void {
  const stat = lstatSync(join(from, path), { throwIfNoEntry: false })
  if (stat?.isFile() === true) copyFile(from, to, path)
  if (stat?.isDirectory() !== true) return
  mkdirSync(join(to, path), { recursive: true, mode: 0o700 })
  for (const name of namesIn(join(from, path))) {
    if (wanted(name) && !/\.(?:new|tmp)$/.test(name)) copyTree(from, to, join(path, name), wanted)
  }
}

function copyFile(from: string, to: string, path: string): void {
  const target = join(to, path)
  mkdirSync(dirname(target), { recursive: true, mode: 0o700 })
  try {
    copyFileSync(join(from, path), target)
  } catch (error) {
    if (!isGone(error)) throw error
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted()
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
