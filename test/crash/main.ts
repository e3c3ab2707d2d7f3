// Holds the crash test as a program: `npm run crash -- --rounds N [--seed TEXT]`, or `-- --every-call [--all] [--minutes N]`.

import { parseArgs } from 'node:util'
import { hex } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { everyCall, SCENARIOS } from './every-call.ts'
import { rounds } from './rounds.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seed: { type: 'string' },
    'every-call': { type: 'boolean', default: false },
    all: { type: 'boolean', default: false },
    minutes: { type: 'string' },
    scenario: { type: 'string' },
  },
})

/** Sites that only a break-glass has; the others are broken without one. */
const MOVES = / (break-glass|spool\/elsewhere|other)/

/** Every scenario, or the one that was named; what is left of the time is shared by those that are still to come. */
async function everyScenario(): Promise<boolean> {
  const chosen = SCENARIOS.filter((name) => (values.scenario ?? name) === name)
  const end = systemClock.monotonic() + Number(values.minutes ?? Infinity) * 60_000
  let whole = true
  for (const [index, scenario] of chosen.entries()) {
    const budgetMs = (end - systemClock.monotonic()) / (chosen.length - index)
    const say = (line: string): boolean => process.stderr.write(`${scenario}: ${line}\n`)
    // What a start after a crash, or a break-glass, does otherwise than every run it does once or twice.
    const few = scenario === 'normal' ? 'three' : 'first'
    const found = await everyCall({
      scenario,
      occurrences: values.all ? 'all' : few,
      parallel: 4,
      budgetMs,
      say,
      ...(scenario === 'break-glass' && { only: ({ site }) => MOVES.test(site) }),
    })
    const { sites, left, ...figures } = found
    process.stdout.write(`${scenario}: ${sites.length} sites ${JSON.stringify(figures)}\n`)
    for (const one of left) process.stdout.write(`${scenario}: no time for ${one}\n`)
    whole &&= found.deviations.length === 0
  }
  return whole
}

const count = Number(values.rounds)
const seed = values.seed ?? hex(systemEntropy.bytes(4))
if (values['every-call']) {
  if (!(await everyScenario())) process.exitCode = 1
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
