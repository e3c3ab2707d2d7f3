// Holds what erasing a person means for kept calls: theirs are under a key that is gone; files from before there was one go whole.

import { rmSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import { trafficFiles } from './folder.ts'
import { holdsPlainly, type TrafficSource } from './read.ts'

/** Deletes files that hold calls of a person under no key of theirs. Answers how many. Calls go on between two files. */
export async function forgetTraffic(source: TrafficSource, person: string): Promise<number> {
  let count = 0
  for (const { name, path } of trafficFiles(source.folder)) {
    await setImmediate()
    if (!holdsPlainly(source, name, person)) continue
    rmSync(path, { force: true })
    count++
  }
  return count
}
