// Holds `serve`: the server alone, for running under a supervisor; its own log is lines of JSON on standard error.

import type { Command } from 'commander'
import { startBailiwick } from '../server/start.ts'
import type { Context } from './context.ts'
import { listenSettings, withPorts, type PortOptions } from './port-options.ts'
import { untilInterrupted } from './until.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const serve = program.command('serve').description('run the server, and nothing else')
  serve.option('--standby', 'while another process has the database, wait for its end')
  withPorts(serve).action(async (options: PortOptions) => {
    const { shell, screen } = context
    const running = await startBailiwick(listenSettings(context, options, undefined), shell).catch(
      (error: unknown) => {
        // Who was asked to end while standing by has nothing to end.
        if (error === shell.interrupted.reason) return undefined
        throw error
      },
    )
    if (running === undefined) return
    try {
      screen.answer(
        { ready: true, ...running.urls },
        () => `ready: control ${running.urls.control}\n`,
      )
      // No link here: what a server says under a supervisor is kept in a journal.
      screen.say('to sign in with a browser: bailiwick login')
      await untilInterrupted(shell.interrupted)
    } finally {
      await running.close()
    }
  })
}
