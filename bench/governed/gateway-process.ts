// Holds the process that is measured: a whole Bailiwick in a home of its own, as `serve` starts it, on free ports.

import { join } from 'node:path'
import { startBailiwick } from '../../src/server/start.ts'
import { settings } from '../../src/server/settings.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { serveOrders } from '../child.ts'

/** What it can be asked: where it listens, and how much processor time it has used. */
export type GatewayOrder = { readonly do: 'urls' } | { readonly do: 'cpu' }

/** Processor time in µs: of the whole process, and of the thread on which requests run. */
export interface Cpu {
  readonly process: number
  readonly main: number
}

const [, , home, workers] = process.argv
if (home === undefined) throw new Error('a home has to be named')
const running = await startBailiwick(
  settings(
    {
      home,
      controlPort: 0,
      identityPort: 0,
      gatewayPort: 0,
      logFile: join(home, 'bailiwick.log'),
      workers: Number(workers ?? '0'),
    },
    { PATH: process.env['PATH'] },
  ),
  { clock: systemClock, timer: systemTimer, entropy: systemEntropy },
)

function cpu(): Cpu {
  const whole = process.cpuUsage()
  const main = process.threadCpuUsage()
  return { process: whole.user + whole.system, main: main.user + main.system }
}

serveOrders(
  async (order: GatewayOrder) => (order.do === 'urls' ? running.urls : cpu()),
  () => running.close(),
)
