// Holds the two ways to put load on a target: calls at a fixed rate whatever happens, and as many as a few callers can make.

import { Worker } from 'node:worker_threads'
import { quantile } from '../sample.ts'
import type { Pace } from './pacer.ts'
import type { Lane, Target } from './target.ts'

/** What was seen; times in ms. */
export interface Seen {
  readonly calls: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

/** Monotonic ms, the same on every thread of the process. */
function now(): number {
  return Number(process.hrtime.bigint()) / 1e6
}

function seen(latencies: readonly number[], ms: number): Seen {
  const calls = latencies.length
  const perSecond = (calls * 1_000) / ms
  return { calls, perSecond, p50: quantile(latencies, 0.5), p99: quantile(latencies, 0.99) }
}

/** Hands lanes to calls, the one used last first; calls without one wait in order. */
class Lanes {
  readonly #free: Lane[]
  readonly #waiting: ((lane: Lane) => void)[] = []

  constructor(lanes: readonly Lane[]) {
    this.#free = [...lanes]
  }

  async call(): Promise<void> {
    const lane = this.#free.pop() ?? (await new Promise<Lane>((take) => this.#waiting.push(take)))
    await lane.call()
    const next = this.#waiting.shift()
    if (next === undefined) this.#free.push(lane)
    else next(lane)
  }
}

/**
 * Open loop: `perSecond` calls at even distances for some seconds. A call's time runs from when it was meant to be sent, so
 * one that stalls is counted by all that it delays (no coordinated omission), our own lateness included.
 */
export async function openLoop(target: Target, perSecond: number, seconds: number): Promise<Seen> {
  const lanes = new Lanes(target.lanes)
  const every = 1_000 / perSecond
  const pace: Pace = { start: now() + 300, every, beats: perSecond * seconds }
  const latencies: number[] = []
  const worker = new Worker(new URL('./pacer.ts', import.meta.url), { workerData: pace })
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.on('message', (beat: number) => {
      const meant = pace.start + beat * every
      lanes.call().then(() => {
        latencies.push(now() - meant)
        if (latencies.length === pace.beats) resolve()
      }, reject)
    })
  })
  await worker.terminate()
  return seen(latencies, now() - pace.start)
}

/** Closed loop: every lane calls again as soon as it is answered, for some seconds. */
export async function closedLoop(target: Target, seconds: number): Promise<Seen> {
  const latencies: number[] = []
  const start = now()
  const end = start + seconds * 1_000
  await Promise.all(
    target.lanes.map(async (lane) => {
      for (let sent = now(); sent < end; sent = now()) {
        await lane.call()
        latencies.push(now() - sent)
      }
    }),
  )
  return seen(latencies, now() - start)
}
