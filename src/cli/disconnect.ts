// Holds `disconnect`: the files of a client are as they were before `connect`.

import type { Command } from 'commander'
import type { DisconnectOptions } from './connect/options.ts'
import type { Context } from './context.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('disconnect <client>')
    .description('give a client its own servers back, as its files had them before `connect`')
    .option('--file <path>', 'this file alone')
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--reason <text>', 'why; stands in the record')
    .action(async (client: string, options: DisconnectOptions) => {
      const { disconnect } = await import('./connect/disconnect.ts')
      await disconnect(context, client, options)
    })
}
