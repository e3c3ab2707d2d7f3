// Holds `connect`: the servers of a client are put behind Bailiwick, under their own names, and their secrets into the store.

import type { Command } from 'commander'
import type { ConnectOptions } from './connect/options.ts'
import type { Context } from './context.ts'
import { repeated } from './repeat.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('connect [client]')
    .description('put the MCP servers of a client behind Bailiwick, under their own names')
    .option('--list', 'what there is: clients, their files, their servers')
    .option('--user', 'only what the person configured for everything')
    .option('--project', 'only what is configured for this folder')
    .option('--file <path>', 'this file, in the form that the client writes')
    .option('--agent <name>', 'the agent that the client is (default: the name of the client)')
    .option(
      '--observe <time>',
      'how long policy is observed and not enforced: 8h, 7d at most, or none',
      '7d',
    )
    .option('--dry-run', 'show what would change, and change nothing')
    .option('--hooks', 'ask before the built-in tools of the client too: advice, not enforcement')
    .option(
      '--effects <action=labels>',
      'what an action does: system/action=read,write or system/*=read; may be repeated',
      repeated,
    )
    .option(
      '--network <system=hosts>',
      'hosts that a server may connect to, name or name:port; may be repeated',
      repeated,
    )
    .option(
      '--unsandboxed <system>',
      'run this server without a sandbox, as it ran until now; `*` for all; may be repeated',
      repeated,
    )
    .option('--keep-arguments', 'let credentials stand among arguments')
    .option('--reason <text>', 'why; stands in the record')
    .action(async (client: string | undefined, options: ConnectOptions) => {
      const { connect } = await import('./connect/connect.ts')
      await connect(context, client, options)
    })
}
