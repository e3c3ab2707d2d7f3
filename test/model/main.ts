// Holds the model as a program: `npm run model -- [--deep] [--only TEXT]`, or `-- --bug NAME` for the way to a planted bug.

import { parseArgs } from 'node:util'
import { systemClock } from '../../src/std/clock.ts'
import { BUGS, type Bug } from './bounds.ts'
import { explore } from './explore.ts'
import { DEEP, hunt, kindsOf, SUITE, type Run } from './runs.ts'

const { values } = parseArgs({
  options: {
    deep: { type: 'boolean', default: false },
    only: { type: 'string' },
    bug: { type: 'string' },
  },
})

/** One line of figures, and the way to what is wrong. Whether nothing is, in all of it. */
function holds({ name, bounds, most }: Run): boolean {
  const begun = systemClock.monotonic()
  const { states, steps, depth, wrong, trace, whole } = explore(bounds, most)
  const seconds = Number(((systemClock.monotonic() - begun) / 1_000).toFixed(1))
  const kinds = kindsOf(bounds)
  const figures = { name, states, steps, depth, whole, seconds, faults: bounds.faults, kinds }
  process.stdout.write(`${JSON.stringify(figures)}\n`)
  if (wrong === undefined) return whole
  process.stdout.write(`${wrong.rule}: ${wrong.detail}\n`)
  trace.forEach((step, i) => process.stdout.write(`${String(i + 1).padStart(4)}  ${step}\n`))
  return false
}

const { bug, only } = values
if (bug !== undefined && !(bug in BUGS)) {
  process.stderr.write(
    `next: npm run model -- --bug NAME, one of ${Object.keys(BUGS).join(', ')}\n`,
  )
  process.exitCode = 2
} else if (bug !== undefined) {
  process.exitCode = holds(hunt(bug as Bug)) ? 0 : 1
} else {
  const runs = (values.deep ? DEEP : SUITE).filter(({ name }) => name.includes(only ?? ''))
  // Each is told as soon as it is done: the deep ones take their time.
  for (const run of runs) if (!holds(run)) process.exitCode = 1
}
