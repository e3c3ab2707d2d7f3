// Holds `version`: which program this is, and on what it runs.

import type { Command } from 'commander'
import { VERSION } from '../server/version.ts'
import type { Context } from './context.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('version')
    .description('the version of this program')
    .action(() => {
      const node = process.versions.node
      const answer = {
        version: VERSION,
        node,
        platform: `${process.platform}-${process.arch}`,
      }
      context.screen.answer(
        answer,
        () => `bailiwick ${answer.version} (node ${node}, ${answer.platform})\n`,
      )
    })
}
