// Holds the thread that keeps this home's copy of the log in step with PostgreSQL.

import { setPriority } from 'node:os'
import { parentPort, workerData } from 'node:worker_threads'

import { systemClock } from '../../std/clock.ts'
import { OrderThread, type OrderOrder, type OrderStart } from './order-thread.ts'

/** Below everybody else's: a call that waits for its record goes first. */
const NICE = 5

if (parentPort !== null) {
  const port = parentPort
  if (process.platform === 'linux') setPriority(0, NICE)
  const thread = new OrderThread(workerData as OrderStart, systemClock, (news) =>
    port.postMessage(news),
  )
  port.on('message', (order: OrderOrder) => thread.obey(order))
  await thread.run()
  port.close()
}
