// Holds the crash test as a program: `npm run crash -- --rounds N [--seed TEXT]`, or `-- --every-call`.

import { parseArgs } from 'node:util'
import { hex } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { everyCall } from './every-call.ts'
import { rounds } from './rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string' },
    'every-call': { type: 'boolean', default: false },
  },
})
const count = Number(values.rounds)
const seed = values.seed ?? hex(systemEntropy.bytes(4))
if (values['every-call']) {
  const say = (line: string): boolean => process.stderr.write(`${line}\n`)
  const normal = await everyCall({ every: true, recovery: false, parallel: 2, say })
  const recovery = await everyCall({ every: true, recovery: true, parallel: 2, say })
  process.stdout.write(`${JSON.stringify({ normal, recovery }, undefined, 2)}\n`)
  if (normal.deviations.length + recovery.deviations.length > 0) process.exitCode = 1
} else if (!Number.isSafeInteger(count) || count < 1) {
  process.stderr.write('error: --rounds takes a whole number from 1\n')
  process.exitCode = 2
} else {
  process.stdout.write(`seed ${seed}\n`)
  try {
    await rounds(count, seed, (line) => process.stdout.write(`${line}\n`))
    process.stdout.write(`${count} rounds: nothing acknowledged was lost, nothing ran unrecorded\n`)
  } catch (error) {
    process.stderr.write(`error: ${error instanceof Error ? error.message : String(error)}\n`)
    process.stderr.write(`next: npm run crash -- --rounds ${count} --seed ${seed}\n`)
    process.exitCode = 1
  }
}
