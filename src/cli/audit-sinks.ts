// Holds `audit sinks` and `audit sink`: where records go, whether they arrive, and sending them once more.

import type { Command } from 'commander'
import { SinksAnswer, SinkTested, type SinkAnswer } from '../wire/api/export.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function draw(sinks: readonly SinkAnswer[], surface: Surface, now: number): string {
  if (sinks.length === 0) return 'no sinks: see docs/operate/exports.md\n'
  return table(
    ['SINK', 'KIND', 'TARGET', 'BEHIND', 'SENT', 'REFUSED', 'LAST', 'STATE'],
    sinks.map((sink) => [
      sink.name,
      sink.kind,
      sink.target,
      String(sink.lag),
      String(sink.sent),
      sink.refused === 0 ? '0' : { text: String(sink.refused), style: 'yellow' as const },
      sink.last_sent === null ? '' : when(sink.last_sent, now),
      sink.problem === null ? 'well' : { text: sink.problem, style: 'red' as const },
    ]),
    surface,
  )
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/audit/sinks', SinksAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.sinks, surface, screen.now))
}

async function test(context: Context, name: string): Promise<void> {
  const control = await context.control()
  const path = target(['v1', 'audit', 'sinks', name, 'test'])
  const tested = await control.send('POST', path, {}, SinkTested)
  context.screen.answer(tested, () => `${tested.sink} took record ${tested.index}\n`)
}

async function replay(context: Context, name: string, options: { from: string }): Promise<void> {
  if (!/^\d{1,15}$/.test(options.from)) throw fault('cli.usage', '--from is an index, from 0')
  const control = await context.control()
  const path = target(['v1', 'audit', 'sinks', name, 'replay'])
  const answer = await control.send('POST', path, { from: Number(options.from) }, SinksAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.sinks, surface, screen.now))
}

/** Adds the commands below `audit`. */
export function registerSinks(audit: Command, context: Context): void {
  audit
    .command('sinks')
    .description('where records go, and how far each sink has come')
    .action(() => list(context))
  const sink = audit.command('sink').description('one sink: test, replay')
  sink
    .command('test <name>')
    .description('record a test and send it to the sink at once')
    .action((name: string) => test(context, name))
  sink
    .command('replay <name>')
    .description('send the sink everything from a record on once more')
    .requiredOption('--from <index>', 'index of the first record')
    .action((name: string, options: { from: string }) => replay(context, name, options))
}
