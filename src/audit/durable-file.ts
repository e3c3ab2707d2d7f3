// Holds the order of system calls that makes a file or a name in a folder survive a power cut.

import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname } from 'node:path'

/** Makes the names in a folder durable. */
export function syncDirectory(directory: string): void {
  const fd = openSync(directory, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Makes a folder and those above it (0700); gives the folders that got a new name, not yet durable. */
export function makeDirectories(directory: string): string[] {
  if (existsSync(directory)) return []
  const parent = dirname(directory)
  const named = makeDirectories(parent)
  mkdirSync(directory, { mode: 0o700, recursive: true })
  return [...named, parent]
}

/** Makes a folder and those above it (0700), each durable in the one above. */
export function makeDirectory(directory: string): void {
  for (const parent of makeDirectories(directory)) syncDirectory(parent)
}

/** Writes a whole file and makes its bytes durable, its name not yet: the caller syncs the folder. */
export function writeDurable(path: string, bytes: Uint8Array): void {
  const fd = openSync(path, 'w', 0o600)
  try {
    writeFileSync(fd, bytes)
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}

/** Replaces a file at once: whoever reads sees the old bytes or the new, also after a power cut. */
export function replaceDurable(path: string, bytes: Uint8Array): void {
  writeDurable(`${path}.tmp`, bytes)
  renameSync(`${path}.tmp`, path)
  syncDirectory(dirname(path))
}
