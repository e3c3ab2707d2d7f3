// Holds `tour`: the demonstration from nothing to a verified log, in a temporary home on free ports.

import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { startBailiwick } from '../server/start.ts'
import { settings } from '../server/settings.ts'
import type { Context } from './context.ts'
import { Control } from './control/control.ts'
import { readOperator } from './control/operator.ts'
import { fault } from './faults.ts'
import { scratchOf, setUpDemo } from './tour/demo.ts'
import { teller, verdict } from './tour/report.ts'
import { runTour, type TourStep } from './tour/steps.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('tour')
    .description('show a governed agent from beginning to end, in a home that is thrown away')
    .option('--keep <dir>', 'keep the home, with its log, in this folder (new or empty)')
    .action(async ({ keep }: { readonly keep?: string }) => {
      const { screen, shell } = context
      const home = keep === undefined ? temporary() : keptHome(resolve(shell.cwd, keep))
      try {
        const steps = await tourIn(home, context)
        verdict(screen, steps)
        const ok = steps.every((step) => step.ok)
        if (screen.format === 'json') screen.answer({ ok, steps }, () => '')
        if (!ok) throw fault('cli.tour', 'not every step of the tour was as it should be')
      } finally {
        for (const made of keep === undefined ? [home, scratchOf(home)] : []) {
          rmSync(made, { recursive: true, force: true })
        }
      }
    })
}

function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'bailiwick-tour-'))
}

/** The folder for a home that stays: new or empty, and private, as a home has to be. */
function keptHome(folder: string): string {
  if (existsSync(folder) && (!statSync(folder).isDirectory() || readdirSync(folder).length > 0)) {
    throw fault('cli.usage', `${folder} is there already, and not empty`)
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  chmodSync(folder, 0o700)
  return folder
}

/** Runs the tour in a fresh home; the server has ended when it resolves. */
async function tourIn(home: string, { shell, screen }: Context): Promise<readonly TourStep[]> {
  const free = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(home, 'bailiwick.log')
  const running = await startBailiwick(
    settings({ home, logFile, unlockDelayS: 0, approverDelayS: 0, ...free }, shell.env),
    shell,
  )
  try {
    const control = new Control(readOperator(home), shell)
    const demo = await setUpDemo(control, home)
    return await runTour({
      control,
      demo,
      home,
      environment: shell.env,
      now: () => shell.clock.monotonic(),
      onStep: teller(screen),
    })
  } finally {
    await running.close()
  }
}
