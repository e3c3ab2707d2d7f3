// Holds `mcp`: the stdio bridge for MCP clients that cannot do mutual TLS. One process is one instance.

import { resolve } from 'node:path'
import type { Command } from 'commander'
import { isName } from '../std/id.ts'
import type { Context } from './context.ts'
import { fileEnrolment, operatorEnrolment } from './enrolment.ts'
import { fault } from './faults.ts'
import { Bridge } from './mcp/bridge.ts'
import { readLines } from './mcp/lines.ts'
import { Session } from './mcp/session.ts'
import { visible } from './terminal/visible.ts'

interface Options {
  readonly as: string
  readonly joinTokenFile?: string
  readonly identity?: string
  readonly gateway?: string
}

const IDENTITY = 'https://127.0.0.1:7402'
const GATEWAY = 'https://127.0.0.1:7443'

async function serve(context: Context, system: string, options: Options): Promise<void> {
  const { shell } = context
  if (!isName(system)) throw fault('cli.usage', 'SYSTEM is no name of a system')
  if (!isName(options.as)) throw fault('cli.usage', '--as is no name of an agent')
  const { env } = shell
  const enrolment =
    options.joinTokenFile === undefined
      ? operatorEnrolment(context, options.as)
      : fileEnrolment(shell, {
          agent: options.as,
          file: resolve(shell.cwd, options.joinTokenFile),
          identityUrl: options.identity ?? env['BAILIWICK_IDENTITY'] ?? IDENTITY,
          gatewayUrl: options.gateway ?? env['BAILIWICK_GATEWAY'] ?? GATEWAY,
        })
  const note = (text: string): void => {
    shell.stderr.write(`bailiwick: ${visible(text)}\n`)
  }
  const session = new Session(enrolment, note)
  const bridge = new Bridge({
    session,
    system,
    output: shell.stdout,
    clock: shell.clock,
    timer: shell.timer,
    note,
    interrupted: shell.interrupted,
  })
  // Enrolling takes a moment: begun now, so that the first message need not wait. Whoever needs it is told if it fails.
  session.live().catch(() => undefined)
  await bridge.run(readLines(shell.stdin))
  await session.close()
  shell.stdin.destroy()
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('mcp <system>')
    .description('bridge an MCP client on standard streams to a system, as an instance of an agent')
    .requiredOption('--as <agent>', 'the agent that the client is')
    .option('--join-token-file <file>', 'enrol with the join token in a file, without a credential')
    .option('--identity <url>', `identity listener, with --join-token-file (default: ${IDENTITY})`)
    .option('--gateway <url>', `gateway, with --join-token-file (default: ${GATEWAY})`)
    .action((system: string, options: Options) => serve(context, system, options))
}
