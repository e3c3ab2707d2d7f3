// Holds how the spool's thread is started, listened to and ended.

import { Worker } from 'node:worker_threads'

import { fault } from './faults.ts'
import type { Position } from './segment.ts'
import type { SpoolNews, SpoolOrder } from './spool-committer.ts'
import type { SpoolWriterOptions } from './spool-writer.ts'

/** The running thread. */
export interface SpoolThread {
  /** End of the spool before this boot's first record. */
  readonly position: Position
  post(order: SpoolOrder, transfer: readonly ArrayBuffer[]): void
  /** Who hears the thread from now on; its death comes as `failed`. */
  listen(hear: (news: SpoolNews) => void): void
  /** Resolves when the thread has ended. Send `close` before. */
  ended(): Promise<void>
}

/** Starts the thread, with its first segment durable on disk. Throws `audit.unavailable`. */
export async function startSpoolThread(options: SpoolWriterOptions): Promise<SpoolThread> {
  const worker = new Worker(new URL('./spool-worker.ts', import.meta.url), { workerData: options })
  const exit = new Promise<void>((resolve) => worker.once('exit', () => resolve()))
  let hear: ((news: SpoolNews) => void) | undefined
  const waiting: SpoolNews[] = []
  const news = (each: SpoolNews): void =>
    void (hear === undefined ? waiting.push(each) : hear(each))
  const opened = await new Promise<SpoolNews>((resolve) => {
    worker.once('message', (first: SpoolNews) => {
      worker.on('message', news)
      resolve(first)
    })
    worker.once('error', (error) => resolve({ kind: 'failed', reason: error.message }))
  })
  if (opened.kind !== 'opened') {
    const reason = opened.kind === 'failed' ? opened.reason : 'the thread did not open'
    throw fault('audit.unavailable', `the spool cannot be opened: ${reason}`)
  }
  worker.on('error', (error) => news({ kind: 'failed', reason: error.message }))
  void exit.then(() => news({ kind: 'failed', reason: "the spool's thread ended" }))
  return {
    position: opened.position,
    post: (order, transfer) => worker.postMessage(order, transfer),
    listen(listener) {
      hear = listener
      for (const each of waiting.splice(0)) listener(each)
    },
    ended: () => exit,
  }
}
