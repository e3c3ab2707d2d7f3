// Holds `tour`: the demonstration from nothing to a verified log, in a temporary home on free ports.

import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { startBailiwick } from '../server/start.ts'
import { settings } from '../server/settings.ts'
import type { Context } from './context.ts'
import { Control } from './control/control.ts'
import { readOperator } from './control/operator.ts'
import { fault } from './faults.ts'
import { setUpDemo } from './tour/demo.ts'
import { teller, verdict } from './tour/report.ts'
import { runTour, type TourStep } from './tour/steps.ts'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  program
    .command('tour')
    .description('show a governed agent from beginning to end, in a home that is thrown away')
    .option('--keep <dir>', 'keep the home, with its log, in this folder (must not exist)')
    .action(async ({ keep }: { readonly keep?: string }) => {
      const { screen, shell } = context
      const kept = keep === undefined ? undefined : resolve(shell.cwd, keep)
      if (kept !== undefined && existsSync(kept)) {
        throw fault('cli.usage', `${kept} is there already`)
      }
      const home = mkdtempSync(join(tmpdir(), 'bailiwick-tour-'))
      try {
        const steps = await tourIn(home, context)
        verdict(screen, steps)
        if (kept !== undefined) keepHome(home, kept)
        const ok = steps.every((step) => step.ok)
        if (screen.format === 'json') screen.answer({ ok, steps }, () => '')
        if (!ok) throw fault('cli.tour', 'not every step of the tour was as it should be')
      } finally {
        rmSync(home, { recursive: true, force: true })
      }
    })
}

/** Copies a home that nobody uses any more; private from the start, as a home has to be. */
function keepHome(home: string, kept: string): void {
  mkdirSync(kept, { recursive: true, mode: 0o700 })
  cpSync(home, kept, { recursive: true, preserveTimestamps: true })
}

/** Runs the tour in a fresh home; the server has ended when it resolves, so that the home may be copied. */
async function tourIn(home: string, { shell, screen }: Context): Promise<readonly TourStep[]> {
  const free = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(home, 'bailiwick.log')
  const running = await startBailiwick(settings({ home, logFile, ...free }, shell.env), shell)
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
