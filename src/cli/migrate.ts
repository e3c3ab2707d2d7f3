// Holds `migrate`: PostgreSQL brought to this version, and a home's rows and log moved there.

import type { Command } from 'commander'
import { migrateDatabase } from '../server/migrate.ts'
import type { Context } from './context.ts'
import { fields } from './terminal/table.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('migrate')
    .description(
      'bring the PostgreSQL of DATABASE_URL to this version; nothing runs on this home meanwhile',
    )
    .option('--move', 'move the rows and the log of this home to the database, which is empty')
    .action(async ({ move = false }: { readonly move?: boolean }) => {
      const { screen, shell, home } = context
      const done = await migrateDatabase({ home, environment: shell.env, machine: shell, move })
      screen.answer(done, (surface) =>
        fields(
          [
            ['schema', { text: 'at this version', style: 'green' }],
            ['application role', done.role],
            ['rows moved', done.moved === null ? 'none' : String(done.moved)],
            ['records moved', done.records === null ? 'none' : String(done.records)],
          ],
          surface,
        ),
      )
      if (done.records !== null) screen.say('start with DATABASE_URL from now on: bailiwick serve')
    })
}
