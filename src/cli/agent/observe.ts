// Holds `agent observe` and `agent enforce`: what policy would deny is recorded for a while and goes on; and its end.

import type { Command } from 'commander'
import { Agent } from '../../wire/api/agent.ts'
import { because } from '../because.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { momentOf } from '../moment.ts'
import { reasonOf } from '../reason.ts'
import { confirm } from '../terminal/ask.ts'
import { drawAgent } from './draw.ts'

interface ObserveOptions {
  readonly for: string
  readonly reason?: string
}

async function observe(context: Context, name: string, options: ObserveOptions): Promise<void> {
  const { screen, shell, asking } = context
  const until = momentOf('--for', options.for, screen.now)
  const reason = await reasonOf(context, options.reason)
  screen.say(
    `until then reads and writes of ${name} go on that policy denies it; whatever is destructive, external, spends or is privileged stays denied`,
  )
  await confirm(shell, asking, `Observe ${name} and not enforce?`)
  const control = await context.control()
  const path = target(['v1', 'agents', name, 'observe'])
  const agent = await control.send('POST', path, { until, reason }, Agent)
  screen.answer(agent, (surface) => drawAgent(agent, surface, screen.now))
}

/** Adds the verbs. */
export function registerObserving(agent: Command, context: Context): void {
  agent
    .command('observe <name>')
    .description('record what policy would deny of reads and writes, and let it go on for a while')
    .option('--for <time>', 'how long: 30m, 8h, 7d at most', '8h')
    .option('--reason <text>', 'why; stands in the record')
    .action((name: string, options: ObserveOptions) => observe(context, name, options))
  agent
    .command('enforce <name>')
    .description('end observe mode: everything is enforced again, at once')
    .option('--reason <text>', 'why; stands in the record')
    .action(async (name: string, { reason }: { reason?: string }) => {
      const path = ['v1', 'agents', name, 'enforce']
      const changed = await because(context, path, reason, Agent)
      const { screen } = context
      screen.answer(changed, (surface) => drawAgent(changed, surface, screen.now))
    })
}
