// Holds the crash test as a program: `npm run crash -- --rounds N [--seed TEXT]`.

import { parseArgs } from 'node:util'
import { hex } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { rounds } from './rounds.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, seed: { type: 'string' } },
})
const count = Number(values.rounds)
const seed = values.seed ?? hex(systemEntropy.bytes(4))
if (!Number.isSafeInteger(count) || count < 1) {
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
