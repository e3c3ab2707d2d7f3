// Holds `login`: a link by which the person of this home's credential signs in with a browser.

import type { Command } from 'commander'
import { LoginLink } from '../wire/api/login.ts'
import type { Context } from './context.ts'
import { relative } from './terminal/when.ts'
import { tellUnseen } from './unseen.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('login')
    .description('sign in with a browser, by a link that opens once')
    .action(async () => {
      const control = await context.control()
      const link = await control.send('POST', '/v1/login-links', {}, LoginLink)
      const { screen } = context
      screen.answer(link, () => `${link.url}\n`)
      screen.say(
        `open it in a browser on this machine; it opens once, and ends ${relative(Date.parse(link.expires_at), screen.now)}`,
      )
      await tellUnseen(screen, control)
    })
}
