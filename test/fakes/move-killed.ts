// Holds a program that moves a home to PostgreSQL and is killed by the kernel right after the step of the move that it is told.

import { migrateDatabase } from '../../src/server/migrate.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'

const [home = '', last = ''] = process.argv.slice(2)
const machine = { clock: systemClock, entropy: systemEntropy, timer: systemTimer }
let steps = 0
const onStep = (step: string): void => {
  process.stdout.write(`${step}\n`)
  steps += 1
  if (steps === Number(last)) process.kill(process.pid, 'SIGKILL')
}
const done = await migrateDatabase({ home, environment: process.env, machine, move: true, onStep })
process.stdout.write(`${JSON.stringify(done)}\n`)
