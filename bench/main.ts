// Holds the command of the benches: one name in, one line of JSON out, everything else on standard error.

import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Stack } from '../src/server/stack.ts'
import type { Figures } from './figures.ts'
import { machine } from './machine.ts'

/**
 * A budget of DESIGN §8: measured several times, medians out. What it starts and makes it pushes on the stack, which is closed
 * when it is over, has failed or is interrupted.
 */
type Bench = (closing: Stack) => Promise<Figures>

const BENCHES: Readonly<Record<string, () => Promise<Bench>>> = {
  console: async () => (await import('./console.ts')).consoleBench,
  decide: async () => (await import('./decide.ts')).decide,
  'decide-native': async () => (await import('./decide-native.ts')).decideNative,
  'durable-records': async () => (await import('./durable-records.ts')).durableRecords,
  gateway: async () => (await import('./gateway.ts')).gatewayBench,
  'governed-call': async () => (await import('./governed-call.ts')).governedCall,
  inspect: async () => (await import('./inspect.ts')).inspect,
  'lock-to-denied': async () => (await import('./lock-to-denied.ts')).lockToDenied,
  'issue-svid': async () => (await import('./issue-svid.ts')).issueSvid,
  open: async () => (await import('./open.ts')).open,
  search: async () => (await import('./search.ts')).search,
  sequence: async () => (await import('./sequence.ts')).sequence,
  start: async () => (await import('./start.ts')).start,
  verify: async () => (await import('./verify.ts')).verify,
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { records: { type: 'string' }, home: { type: 'string' } },
})
if (values.records !== undefined) process.env['BENCH_RECORDS'] = values.records
if (values.home !== undefined) process.env['BENCH_HOME'] = resolve(values.home)
const [name = '', ...rest] = positionals
if (!Object.hasOwn(BENCHES, name) || rest.length > 0) {
  const what = name === '' ? 'no bench was named' : `there is no bench \`${name.slice(0, 64)}\``
  const names = Object.keys(BENCHES).join(', ')
  process.stderr.write(`error: ${rest.length > 0 ? 'one bench at a time' : what}\n`)
  process.stderr.write(`next: npm run --silent bench -- NAME, where NAME is one of: ${names}\n`)
  process.exit(2)
}
const load = BENCHES[name]!
const closing = new Stack()
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => void closing.close().finally(() => process.exit(130)))
}
const where = machine()
try {
  const bench = await load()
  const figures = await bench(closing)
  process.stdout.write(`${JSON.stringify({ bench: name, figures, machine: where })}\n`)
} finally {
  await closing.close()
}
