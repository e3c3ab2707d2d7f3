// Holds `hook`: what a client asks before it uses a tool of its own. Whatever goes wrong blocks.

import type { Command } from 'commander'
import type { Context } from './context.ts'

/** Options of the command. */
interface HookOptions {
  readonly as: string
  /** Set where this process is the one that holds the identity of a session. */
  readonly hold?: string
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('hook <client>')
    .description(
      'answer a hook of a client: its event on standard input, what it may do on standard output; exit code 2 blocks',
    )
    .requiredOption('--as <agent>', 'the agent that the client is')
    .option('--hold <socket>', 'hold the identity of a session, and answer for it at this socket')
    .action(async (client: string, options: HookOptions) => {
      if (options.hold === undefined) {
        const { answerHook } = await import('./hook/answer.ts')
        return answerHook(context, client, options)
      }
      const { holdSession } = await import('./hook/hold.ts')
      return holdSession(context, client, { agent: options.as, socket: options.hold })
    })
}
