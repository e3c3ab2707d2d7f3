// Holds `audit break-glass`: records to another disk for a time, by the account of the home or root, on this machine alone.

import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import type { Command } from 'commander'
import { breakGlass } from '../server/break-glass.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'

interface BreakGlassOptions {
  readonly for: string
  readonly reason?: string
  readonly to?: string
  readonly end?: boolean
}

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000 }

function lengthOf(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,4})([mh])$/.exec(text) ?? []
  const ms = Number(count) * (UNITS[unit] ?? 0)
  if (!(ms > 0 && ms <= 86_400_000))
    throw fault('cli.usage', '--for is like 30m or 2h, at most 24h')
  return ms
}

async function run(context: Context, options: BreakGlassOptions): Promise<void> {
  const { screen, shell, home } = context
  const { reason, to, end = false } = options
  const wanted = end
    ? undefined
    : {
        reason: needed(reason, '--reason'),
        to: resolve(shell.cwd, needed(to, '--to')),
        ms: lengthOf(options.for),
      }
  const until = breakGlass({ home, by: userInfo().username, machine: shell, wanted })
  screen.answer({ until }, () =>
    end
      ? 'it ends within a second; records go home\n'
      : `records go to ${String(wanted?.to)} until ${until}\n`,
  )
  screen.say('bailiwick status shows it as long as it lasts, and both ends are recorded')
}

function needed(value: string | undefined, name: string): string {
  if (value === undefined || value === '') throw fault('cli.usage', `${name} is needed`)
  return value
}

/** Adds the command below `audit`. */
export function registerBreakGlass(audit: Command, context: Context): void {
  audit
    .command('break-glass')
    .description('send records to another disk for a time: when the one of the home takes none')
    .option('--for <time>', 'how long, at most 24h', '30m')
    .option('--reason <text>', 'why; stands in the record')
    .option('--to <dir>', 'folder on another disk that only this account or root can write')
    .option('--end', 'end the one that there is')
    .action((options: BreakGlassOptions) => run(context, options))
}
