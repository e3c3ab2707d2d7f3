// Holds the faults as a program: `npm run fault -- [--only TEXT] [--postgres] [--calls N]`.

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

const DATABASE_FAULTS = ['the database restarts']
const names = Object.keys(FAULTS).filter(
  (name) => name.includes(values.only) && (values.postgres || !DATABASE_FAULTS.includes(name)),
)
const server = values.postgres ? await PostgresServer.start() : undefined
try {
  const database = await server?.database()
  const ran = await runFaults(names, {
    perSecond: Number(values.calls),
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
