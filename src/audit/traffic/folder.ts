// Holds the folder of kept calls: which files there are, and which of them are too old or too many.

import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { rfc3339 } from '../../std/clock.ts'
import { NAME } from './traffic-file.ts'

const DAY_MS = 86_400_000

/** A file of the folder. */
export interface TrafficFile {
  readonly name: string
  readonly path: string
  /** `2026-11-23`. */
  readonly day: string
  readonly number: number
  readonly bytes: number
}

/** The UTC day of a time. */
export function dayOf(ms: number): string {
  return rfc3339(ms).slice(0, 10)
}

/** The files in the order in which they were written. What is named otherwise, or is no plain file, is not ours. */
export function trafficFiles(folder: string): TrafficFile[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return readdirSync(folder)
    .flatMap((name): TrafficFile[] => {
      const match = NAME.exec(name)
      const path = join(folder, name)
      const stat = match === null ? undefined : lstatSync(path, { throwIfNoEntry: false })
      if (match === null || stat?.isFile() !== true) return []
      return [{ name, path, day: match[1]!, number: Number(match[2]), bytes: stat.size }]
    })
    .sort((a, b) => (a.day === b.day ? a.number - b.number : a.day < b.day ? -1 : 1))
}

/** Deletes whole files that are older than so many days, and then the oldest until the rest fits. Answers what is left. */
export function prune(
  folder: string,
  now: number,
  { days, bytes }: { readonly days: number; readonly bytes: number },
): TrafficFile[] {
  const oldest = dayOf(Math.max(0, now - days * DAY_MS))
  let left = trafficFiles(folder)
  let sum = left.reduce((all, file) => all + file.bytes, 0)
  for (const file of left) {
    if (file.day >= oldest && sum <= bytes) break
    rmSync(file.path, { force: true })
    left = left.filter((one) => one !== file)
    sum -= file.bytes
  }
  return left
}
