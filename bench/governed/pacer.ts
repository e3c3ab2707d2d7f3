// Holds the clock of the open loop: a thread that sleeps to the microsecond, where a timer of Node is a millisecond late.

import { parentPort, workerData } from 'node:worker_threads'

/** What it is told: when to begin, how far apart the beats are (ms of the process's `hrtime`), and how many there are. */
export interface Pace {
  readonly start: number
  readonly every: number
  readonly beats: number
}

const { start, every, beats } = workerData as Pace
const never = new Int32Array(new SharedArrayBuffer(4))

for (let beat = 0; beat < beats; beat++) {
  const left = start + beat * every - Number(process.hrtime.bigint()) / 1e6
  if (left > 0) Atomics.wait(never, 0, 0, left)
  parentPort?.postMessage(beat)
}
