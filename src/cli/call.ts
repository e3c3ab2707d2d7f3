// Holds `call`: one governed call from a shell, with a real identity, the way an agent makes it.

import type { Command } from 'commander'
import { Fault } from '../std/fault.ts'
import { isName } from '../std/id.ts'
import { Approval } from '../wire/api/approval.ts'
import type { JsonObject } from '../std/json.ts'
import { readInput } from './call/input.ts'
import { isScopePattern } from '../wire/scope.ts'
import { oneCall, type HeldCall } from './call/one-call.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { enrolmentOf, withJoin, type JoinOptions } from './join-options.ts'
import { lineJson } from './terminal/json.ts'
import { drawResult } from './terminal/result.ts'

interface Options extends JoinOptions {
  readonly json?: string
  readonly wait?: boolean
}

/** Says that a call waits, where it can be read, and what a person types. */
function tellHeld(context: Context, held: HeldCall): void {
  const { screen, shell } = context
  if (screen.format === 'json') {
    shell.stderr.write(`${lineJson({ held })}\n`)
    return
  }
  screen.say('held: this call waits for a person to approve it')
  screen.say(`  read it:  ${held.url}`)
  screen.say(`  then:     bailiwick approval approve ${held.approval} --reason TEXT`)
  screen.say(`  or:       bailiwick approval deny ${held.approval} --reason TEXT`)
}

/** An approval that ended between two requests: the gateway then asks anew, but this call was answered. */
async function answered(context: Context, before: HeldCall): Promise<void> {
  const control = await context.control()
  const approval = await control.get(target(['v1', 'approvals', before.approval]), Approval)
  const words = approval.answer ?? 'no reason given'
  const next = 'do not repeat it: ask whoever answered'
  if (approval.state === 'denied') {
    throw new Fault('approval.denied', { status: 403, next }, `a person denied this call: ${words}`)
  }
  if (approval.state === 'expired') {
    const again = 'make the call again, and have somebody answer it in time'
    throw new Fault('approval.expired', { status: 403, next: again }, 'nobody agreed in time')
  }
}

function tellProgress(context: Context, params: JsonObject): void {
  const { message, progress, total } = params
  // While a call is held, the gateway's progress says so; that has been told already, with the command.
  if (progress === 0 && total === undefined) return
  const place = [progress, total].filter((value) => typeof value === 'number').join('/')
  context.screen.say(`progress ${place}${typeof message === 'string' ? ` ${message}` : ''}`)
}

async function call(context: Context, system: string, action: string, options: Options) {
  const { shell, screen } = context
  if (!isName(system)) throw fault('cli.usage', 'SYSTEM is no name of a system')
  if (options.json === '-' && options.joinTokenFile === '-') {
    throw fault('cli.usage', 'standard input cannot be both the join token and the arguments')
  }
  const input = await readInput(options.json, shell)
  const named = `${system}/${action}`
  const usually = {
    intent: `one call of ${named} from a shell`,
    allow: [{ action: isScopePattern(named) ? named : `${system}/*` }],
  }
  const enrolled = await enrolmentOf(context, options, usually).enrol(undefined)
  try {
    const result = await oneCall(enrolled, {
      system,
      action,
      input,
      signal: shell.interrupted,
      onProgress: (params) => tellProgress(context, params),
      onHeld: async (held, before) => {
        // Who has no credential learns of an expired approval by being asked to wait for another one.
        const person = options.joinTokenFile === undefined && options.attest === undefined
        if (before !== undefined && person) await answered(context, before)
        if (options.wait === true) tellHeld(context, held)
        return options.wait === true
      },
    })
    if (result === undefined) {
      // The approval is bound to this instance, which now ends: approving it later would let nothing run.
      const next = 'make the call with --wait, and approve it from another terminal while it waits'
      throw new Fault('approval.pending', { status: 202, next }, 'held for a person, not made')
    }
    screen.answer(result, () => drawResult(result, shell.stdout.isTTY === true))
    if (result['isError'] === true) {
      throw fault('cli.system_error', `${system} answered that the call failed`)
    }
  } catch (error) {
    if (shell.interrupted.aborted) throw fault('cli.interrupted', 'interrupted', error)
    throw error
  } finally {
    await enrolled.holder.close()
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  withJoin(
    program
      .command('call <system> <action>')
      .description('make one governed call, the way an agent does, on your behalf'),
    'the agent that makes it',
    ', or - for standard input',
  )
    .option('--json <object>', 'its arguments; - reads them from standard input (default: none)')
    .option('--wait', 'where it is held, wait until it is decided')
    .action((system: string, action: string, options: Options) =>
      call(context, system, action, options),
    )
}
