// Holds `completion`: scripts for bash, zsh and fish, made from the commands themselves.

import type { Command } from 'commander'
import { completionScript, SHELLS, type CommandTree } from './completion/script.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'

/** The words that may follow a command. */
function tree(command: Command): CommandTree {
  return {
    name: command.name(),
    summary: command.description(),
    options: command.options.flatMap(({ short, long }) =>
      [short, long].filter((flag) => flag !== undefined),
    ),
    commands: command.commands.map(tree),
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('completion <shell>')
    .description('completion for your shell: bash, zsh or fish')
    .action((shell: string) => {
      const known = SHELLS.find((name) => name === shell)
      if (known === undefined) throw fault('cli.usage', `SHELL is one of ${SHELLS.join(', ')}`)
      context.screen.data(completionScript(known, tree(program)))
    })
}
