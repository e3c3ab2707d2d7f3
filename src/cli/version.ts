// Holds `version`: which program this is, and on what it runs.

import type { Command } from 'commander'
import type { Context } from './context.ts'
import { packageVersion } from './package.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('version')
    .description('the version of this program')
    .action(() => {
      const node = process.versions.node
      const answer = {
        version: packageVersion(),
        node,
        platform: `${process.platform}-${process.arch}`,
      }
      context.screen.answer(
        answer,
        () => `bailiwick ${answer.version} (node ${node}, ${answer.platform})\n`,
      )
    })
}
