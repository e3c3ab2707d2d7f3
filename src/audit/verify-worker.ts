// Holds a thread of a verification: bundles come in, what they are goes out, in the same order.

import { setPriority } from 'node:os'
import { parentPort } from 'node:worker_threads'

import { publicFault } from '../std/fault.ts'
import { checkBundle, type CheckerNews } from './verify-bundle.ts'

/** Below a gateway on the same machine, whose calls go first. */
const NICE = 5

if (parentPort !== null) {
  const port = parentPort
  if (process.platform === 'linux') setPriority(0, NICE)
  port.on('message', (entries: readonly Uint8Array[]) => {
    let news: CheckerNews
    try {
      news = checkBundle(entries)
    } catch (error) {
      news = { failed: publicFault(error).detail }
    }
    port.postMessage(news)
  })
}
