// Holds `logout`: ending every session that the person of this home's credential has in a browser.

import type { Command } from 'commander'
import { SessionsEnded } from '../wire/api/login.ts'
import type { Context } from './context.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('logout')
    .description('sign yourself out of every browser; the credential of this home stays')
    .action(async () => {
      const control = await context.control()
      const answer = await control.send('POST', '/v1/sessions/end', {}, SessionsEnded)
      context.screen.answer(answer, () => `ended ${answer.ended} sessions\n`)
    })
}
