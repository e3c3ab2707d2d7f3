// Holds the long form of the differential test: `node test/differential/main.ts --cases 100000 --seed 7`; one line of JSON out.

import { parseArgs } from 'node:util'
import { systemEntropy } from '../../src/std/entropy.ts'
import { run } from './run.ts'

const { values } = parseArgs({
  options: { cases: { type: 'string', default: '100000' }, seed: { type: 'string' } },
})
const cases = Number(values.cases)
const seed = Number(values.seed ?? new DataView(systemEntropy.bytes(4).buffer).getInt32(0))
if (!Number.isSafeInteger(cases) || cases < 1 || !Number.isInteger(seed)) {
  process.stderr.write('next: node test/differential/main.ts --cases N --seed S, both integers\n')
  process.exit(2)
}
process.stderr.write(`${cases} cases, seed ${seed} …\n`)
const seen = run(cases, seed)
process.stdout.write(`${JSON.stringify({ seed, seen })}\n`)
