// Holds `run`: an agent in a district of its own, whose only way out is the gateway, under an identity that only we hold.

import { mkdtempSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { findBubblewrap } from '../server/district.ts'
import { defaultHome } from '../server/home.ts'
import { sandboxLaunch } from '../std/sandbox/bubblewrap.ts'
import { Fault } from '../std/fault.ts'
import { isScopePattern } from '../wire/scope.ts'
import type { Context } from './context.ts'
import type { Enrolled } from './enrolment.ts'
import { EndedWith } from './exit.ts'
import { fault as cliFault } from './faults.ts'
import { enrolmentOf, withJoin, type JoinOptions } from './join-options.ts'
import { repeated } from './repeat.ts'
import { accountFolder, planDistrict, type District } from './run/district.ts'
import { tellDistrict } from './run/describe.ts'
import { openDoor } from './run/door.ts'
import { fault } from './run/faults.ts'
import { supervise, type Supervised } from './run/supervisor.ts'
import { keepVigil, type Over } from './run/vigil.ts'
import { visible } from './terminal/visible.ts'

interface RunOptions extends Omit<JoinOptions, 'as'> {
  readonly agent: string
  readonly read: readonly string[]
  readonly write: readonly string[]
  readonly env: readonly string[]
  readonly allow: readonly string[]
  readonly dryRun?: boolean
}

async function run(context: Context, command: readonly string[], options: RunOptions) {
  const { shell } = context
  const { allow } = options
  if (options.joinTokenFile === '-') {
    throw cliFault('cli.usage', 'standard input is for the agent: name a file for the join token')
  }
  const wrong = allow.find((pattern) => !isScopePattern(pattern))
  if (wrong !== undefined) throw cliFault('cli.usage', '--allow takes system/action, system/* or *')
  if (allow.length > 0 && options.task !== undefined) {
    throw cliFault('cli.usage', 'a task says itself what it allows: give --task or --allow')
  }
  const usually = {
    intent: `a session of ${basename(command[0] ?? '')}, started in a district`,
    allow: (allow.length === 0 ? ['*'] : allow).map((action) => ({ action })),
  }
  const enrolment = enrolmentOf(context, { ...options, as: options.agent }, usually, true)
  const found = findBubblewrap(shell.env)
  if ('missing' in found) throw fault('run.no_sandbox', found.missing)
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-district-'))
  try {
    const door = join(folder, 'door')
    const district = planDistrict(termsOf(context, command, options), door)
    if (options.dryRun === true) return tellDistrict(context.screen, options.agent, district)
    const enrolled = await enrolment.enrol(undefined)
    try {
      return await within(context, { enrolled, district, door, bwrap: found.path })
    } finally {
      await enrolled.holder.close()
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function termsOf(context: Context, command: readonly string[], options: RunOptions) {
  const { env, cwd, stdin, stdout } = context.shell
  const absolute = (paths: readonly string[]): string[] => paths.map((path) => resolve(cwd, path))
  return {
    command,
    cwd,
    env,
    account: accountFolder(env, homedir()),
    homes: [context.home, defaultHome(env), join(homedir(), '.bailiwick')],
    read: absolute(options.read),
    write: absolute(options.write),
    variables: options.env,
    terminal: stdin.isTTY === true || stdout.isTTY === true,
  }
}

/** Runs the agent to its end. Throws `EndedWith` its exit code, or `run.ended` where it was ended because it may act no longer. */
async function within(
  { shell }: Context,
  of: {
    readonly enrolled: Enrolled
    readonly district: District
    readonly door: string
    readonly bwrap: string
  },
): Promise<never> {
  const { enrolled, district } = of
  const { holder } = enrolled
  const door = await openDoor(of.door, enrolled)
  const done = new AbortController()
  try {
    const launch = sandboxLaunch(of.bwrap, district.plan, district.command)
    shell.stderr.write(
      `bailiwick: instance ${holder.identity.instance}, in a district: its only way out is the gateway\n`,
    )
    const agent = supervise(launch, shell.timer)
    const over = new Promise<Over>((resolve) => {
      // INVARIANT: ended in the turn in which we hear of it; what the agent does meanwhile the gateway refuses.
      const end = (why: Over | undefined): void => {
        if (why === undefined) return
        agent.kill()
        resolve(why)
      }
      holder.onEnded(end)
      void keepVigil(enrolled, { timer: shell.timer, signal: done.signal }).then(end)
    })
    const release = passSignals(agent, district.plan.terminal)
    const code = await agent.ended.finally(release)
    const why = await Promise.race([over, Promise.resolve(undefined)])
    if (why !== undefined) throw overFault(why)
    throw new EndedWith(code)
  } finally {
    done.abort()
    door.close()
  }
}

function overFault({ code, detail }: Over): Fault {
  return fault('run.ended', visible(`the agent was ended at once: ${detail} (${code})`))
}

/**
 * From here on signals are the agent's. What a keyboard sends reaches it by itself, so we only stay; what is sent to us alone is
 * passed on. Returns the way to what was before.
 */
function passSignals(agent: Supervised, terminal: boolean): () => void {
  const stay = (): void => {
    if (!terminal) agent.terminate('SIGTERM')
  }
  const on: [NodeJS.Signals, () => void][] = [
    ['SIGINT', stay],
    ['SIGQUIT', stay],
    ['SIGTERM', () => agent.terminate('SIGTERM')],
    ['SIGHUP', () => agent.terminate('SIGHUP')],
  ]
  const before = on.map(([signal]) => [signal, process.listeners(signal)] as const)
  for (const [signal, listener] of on) {
    process.removeAllListeners(signal)
    process.on(signal, listener)
  }
  return () => {
    for (const [signal, listeners] of before) {
      process.removeAllListeners(signal)
      for (const listener of listeners) process.on(signal, listener)
    }
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  withJoin(
    program
      .command('run <command...>')
      .description(
        'start an agent in a district of its own: the folders that it is given, and the gateway as its only way out',
      )
      .option('--read <folder>', 'a folder or file that it may read (repeatable)', repeated, [])
      .option('--write <folder>', 'a folder or file that it may change (repeatable)', repeated, [])
      .option('--env <name>', 'a variable that it is given as it is (repeatable)', repeated, [])
      .option(
        '--allow <action>',
        'what its task allows: system/action, system/* (repeatable)',
        repeated,
        [],
      )
      .option('--dry-run', 'say what the agent could reach, and start nothing'),
    'the agent that it is',
    ', without a credential',
    '--agent',
  ).action((command: string[], options: RunOptions) => run(context, command, options))
}
