// Holds `mcp`: the stdio bridge for MCP clients that cannot do mutual TLS. One process is one instance.

import type { Command } from 'commander'
import { isName } from '../std/id.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { enrolmentOf, withJoin, type JoinOptions } from './join-options.ts'
import { Bridge } from './mcp/bridge.ts'
import { readLines } from './mcp/lines.ts'
import { Session } from './mcp/session.ts'
import { visible } from './terminal/visible.ts'

async function serve(context: Context, system: string, options: JoinOptions): Promise<void> {
  const { shell } = context
  if (!isName(system)) throw fault('cli.usage', 'SYSTEM is no name of a system')
  if (options.joinTokenFile === '-') {
    throw fault('cli.usage', 'standard input is for the MCP client: name a file for the join token')
  }
  const intent = `interactive work with ${system}, bridged for an MCP client`
  const usually = { intent, allow: [{ action: `${system}/*` }] }
  const enrolment = enrolmentOf(context, options, usually)
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
  withJoin(
    program
      .command('mcp <system>')
      .description(
        'bridge an MCP client on standard streams to a system, as an instance of an agent',
      ),
    'the agent that the client is',
    ', without a credential',
  ).action((system: string, options: JoinOptions) => serve(context, system, options))
}
