// Holds the faults as a program: `npm run fault -- [--only TEXT] [--postgres] [--calls N]`.

import { globSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { migrated } from '../e2e/on-postgres.ts'
import { PostgresServer } from '../fakes/postgres.ts'
import { FAULTS } from './faults.ts'
import { runFaults } from './run.ts'

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    postgres: { type: 'boolean', default: false },
    calls: { type: 'string', default: '30' },
  },
})

/** Debian's package `faketime`. */
const [clocks] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1')
/** Faults that need something which may not be there, and what that is. */
const NEEDS: Readonly<Record<string, unknown>> = {
  'the database restarts': values.postgres ? true : undefined,
  'a clock goes back': clocks,
  'a clock goes forward': clocks,
  'a machine is suspended': clocks,
}
const asked = Object.keys(FAULTS).filter((name) => name.includes(values.only))
const names = asked.filter((name) => !(name in NEEDS) || NEEDS[name] !== undefined)
for (const name of asked.filter((one) => !names.includes(one))) {
  process.stderr.write(`left out: ${name} (--postgres, or apt-get install faketime)\n`)
}
const server = values.postgres ? await PostgresServer.start() : undefined
try {
  const database = await server?.database()
  const ran = await runFaults(names, {
    perSecond: Number(values.calls),
    ...(clocks !== undefined && { clocks }),
    say: (line) => void process.stderr.write(`${line}\n`),
    ...(database !== undefined && { environment: { DATABASE_URL: database.url } }),
    prepare: async (home) => {
      if (database !== undefined) await migrated(home, database)
    },
    ...(server !== undefined && {
      restartDatabase: async () => {
        await server.stop()
        await server.run()
      },
    }),
  })
  process.stdout.write(`${JSON.stringify(ran, undefined, 2)}\n`)
  process.exitCode = ran.violations.length + ran.stuck.length === 0 ? 0 : 1
} finally {
  await server?.[Symbol.asyncDispose]()
}
