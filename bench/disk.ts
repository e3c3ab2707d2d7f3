// Holds the measure of the disk: how long one small write takes to be durable, which no durable record can be faster than.

import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../src/std/clock.ts'

const WRITES = 400
const BYTES = 2_048

/** Times of `fdatasync` after writes into a file that has its size already (ms), one by one. */
export function fdatasyncTimes(folder: string): readonly number[] {
  const path = join(folder, 'disk-probe')
  const file = openSync(path, 'w')
  try {
    const block = Buffer.alloc(BYTES, 1)
    writeSync(file, Buffer.alloc(WRITES * BYTES))
    fsyncSync(file)
    return Array.from({ length: WRITES }, (_, i) => {
      writeSync(file, block, 0, BYTES, i * BYTES)
      const begun = systemClock.monotonic()
      fdatasyncSync(file)
      return systemClock.monotonic() - begun
    })
  } finally {
    closeSync(file)
    rmSync(path)
  }
}
