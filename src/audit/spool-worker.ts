// Holds the spool's thread: synchronous calls to the disk, away from the thread pool that everything else shares.

import { parentPort, receiveMessageOnPort, workerData, type MessagePort } from 'node:worker_threads'

import { systemDisk } from './segment-file.ts'
import { SpoolCommitter, type SpoolNews, type SpoolOrder } from './spool-committer.ts'
import type { SpoolWriterOptions } from './spool-writer.ts'

/** Between two looks at the disk (ms). */
const LOOK_MS = 1_000

function run(port: MessagePort): void {
  const say = (news: SpoolNews): void => port.postMessage(news)
  const next = (): SpoolOrder | undefined =>
    (receiveMessageOnPort(port) as { message: SpoolOrder } | undefined)?.message
  let committer: SpoolCommitter
  try {
    const options = workerData as SpoolWriterOptions
    committer = new SpoolCommitter({ options, disk: systemDisk, say, next })
  } catch (error) {
    say({ kind: 'failed', reason: error instanceof Error ? error.message : String(error) })
    return port.close()
  }
  const goOn = (alive: boolean): void => {
    if (alive) return
    clearInterval(looking)
    port.close()
  }
  const looking = setInterval(() => goOn(committer.look()), LOOK_MS)
  port.on('message', (order: SpoolOrder) => goOn(committer.obey(order)))
}

if (parentPort !== null) run(parentPort)
