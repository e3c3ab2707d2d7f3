// Holds `dev`: a whole Bailiwick on this machine, a demonstration, and then it stays up.

import { join } from 'node:path'
import type { Command } from 'commander'
import { LoginLink } from '../wire/api/login.ts'
import { Status } from '../wire/api/status.ts'
import { startBailiwick, type Running } from '../server/start.ts'
import type { Context } from './context.ts'
import { Control } from './control/control.ts'
import { readOperator } from './control/operator.ts'
import { listenSettings, withPorts, type PortOptions } from './port-options.ts'
import type { Screen } from './terminal/screen.ts'
import { visible } from './terminal/visible.ts'
import { setUpDemo, TOUR_AGENT, type Demo } from './tour/demo.ts'
import { teller, verdict } from './tour/report.ts'
import { runTour } from './tour/steps.ts'
import { untilInterrupted } from './until.ts'

interface DevOptions extends PortOptions {
  /** False with `--no-tour`. */
  readonly tour: boolean
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  withPorts(
    program
      .command('dev')
      .description('run a whole Bailiwick on this machine, with a demonstration')
      .option('--no-tour', 'set up and stay up, without the tour'),
  ).action(async (options: DevOptions) => {
    const { screen, shell } = context
    const began = shell.clock.monotonic()
    const { home } = context
    const logFile = join(home, 'bailiwick.log')
    const running = await startBailiwick(
      listenSettings(context, options, logFile, { unlockDelayS: 0, approverDelayS: 0 }),
      shell,
    )
    try {
      greet(screen, running, Math.round(shell.clock.monotonic() - began))
      const control = new Control(readOperator(home), shell)
      const { url } = await control.send('POST', '/v1/login-links', {}, LoginLink)
      screen.say(`  to sign in    ${url} (opens once, within 10 minutes)`)
      const demo = await setUpDemo(control, home)
      for (const done of demo.done) screen.say(`  ${done}`)
      await warn(screen, control)
      if (options.tour) await tour(context, control, demo)
      next(screen, home, logFile)
      if (screen.format === 'json') screen.answer({ ready: true, ...running.urls }, () => '')
      await untilInterrupted(shell.interrupted)
      screen.say('stopping')
    } finally {
      await running.close()
    }
  })
}

function greet(screen: Screen, { urls }: Running, ms: number): void {
  const { paint } = screen
  screen.show(
    `${paint('bold', 'Bailiwick')} is up after ${ms} ms. Every AI agent acts only within its bailiwick.\n`,
  )
  screen.say(`  for people    ${urls.control}`)
  screen.say(`  for enrolling ${urls.identity}`)
  screen.say(`  for agents    ${urls.gateway}/mcp/<system>`)
}

async function warn(screen: Screen, control: Control): Promise<void> {
  const { warnings } = await control.get('/v1/status', Status)
  for (const warning of warnings) {
    screen.show(`  ${screen.paint('yellow', 'warning:')} ${visible(warning)}\n`)
  }
}

async function tour({ screen, shell, home }: Context, control: Control, demo: Demo): Promise<void> {
  if (!demo.starterPolicies) {
    screen.say('Policies other than the starter set are in force, so there is no tour here.')
    screen.say('It runs in a home of its own with: npm run --silent tour')
    return
  }
  const steps = await runTour({
    control,
    demo,
    home,
    environment: shell.env,
    now: () => shell.clock.monotonic(),
    onStep: teller(screen),
  })
  verdict(screen, steps)
}

function next(screen: Screen, home: string, logFile: string): void {
  const { paint } = screen
  const bailiwick = 'bin/bailiwick'
  screen.show(`\n${paint('bold', 'It stays up. In another terminal, try:')}\n`)
  for (const [command, why] of [
    [`${bailiwick} status`, 'what runs, and what to know about it'],
    [`${bailiwick} audit tail`, 'the record of what you just saw'],
    [`${bailiwick} audit verify`, 'check all of it against the signed checkpoint'],
    [`${bailiwick} lock ls`, `the lock that the tour left on ${TOUR_AGENT}`],
    [
      `${bailiwick} call filesystem list_allowed_directories --as ${TOUR_AGENT} --json '{}'`,
      'one governed call; locked until you lift the lock',
    ],
    [`${bailiwick} system add NAME -- COMMAND`, 'put a server of your own behind it'],
  ] as const) {
    screen.show(`  ${paint('cyan', command)}\n      ${why}\n`)
  }
  screen.show(
    `\n${visible(`Home: ${home}   Log of this process: ${logFile}   Stop with control-C.`)}\n`,
  )
}
