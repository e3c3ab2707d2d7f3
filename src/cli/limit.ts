// Holds `limit`: how much may happen within a time, or at once; added, listed, shown, removed.

import type { Command } from 'commander'
import { Limit, LimitPer, LimitRemoved, LimitsAnswer, LimitWhat } from '../wire/api/limit.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { reasonOf } from './reason.ts'
import { fields, table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function boundText({ most, what, per }: Limit): string {
  return `${most} ${what}${per === null ? '' : `/${per}`}`
}

function onText({ on, each }: Limit): string {
  const said = Object.entries(on).map(([key, value]) => `${key} ${value}`)
  const which = said.length === 0 ? 'every call' : said.join(', ')
  return each === null ? which : `${which}, each ${each}`
}

function drawLimits(limits: readonly Limit[], surface: Surface, now: number): string {
  return table(
    [{ title: 'LIMIT', whole: true }, 'MOST', 'TAKEN', 'ON', 'ADDED', 'BY'],
    limits.map((limit) => [
      limit.id,
      boundText(limit),
      limit.use[0]?.taken ?? 0,
      onText(limit),
      when(limit.added_at, now),
      limit.added_by,
    ]),
    surface,
  )
}

function drawLimit(limit: Limit, surface: Surface, now: number): string {
  const head = fields(
    [
      ['limit', limit.id],
      ['most', boundText(limit)],
      ['on', onText(limit)],
      ['reason', limit.reason],
      ['added', `${when(limit.added_at, now)} by ${limit.added_by}`],
    ],
    surface,
  )
  const rows = limit.use.map(({ of, taken }) => [of === '' ? 'all of it' : of, taken])
  return `${head}\n${table(['OF', 'TAKEN'], rows.length === 0 ? [['all of it', 0]] : rows, surface)}`
}

interface AddOptions {
  readonly agent?: string
  readonly person?: string
  readonly task?: string
  readonly action?: string
  readonly each?: string
  readonly reason?: string
}

/** `calls/minute`, or `concurrency`. */
function whatOf(text: string): { readonly what: LimitWhat; readonly per?: LimitPer } {
  const [name = '', time, ...rest] = text.split('/')
  const what = LimitWhat.safeParse(name)
  const per = time === undefined ? undefined : LimitPer.safeParse(time)
  if (!what.success || per?.success === false || rest.length > 0) {
    throw fault(
      'cli.usage',
      `WHAT is one of ${LimitWhat.options.join(', ')}, then /${LimitPer.options.join(', /')} (not for concurrency)`,
    )
  }
  return { what: what.data, ...(per?.data !== undefined && { per: per.data }) }
}

async function add(
  context: Context,
  most: string,
  what: string,
  options: AddOptions,
): Promise<void> {
  if (!/^\d{1,16}$/.test(most)) throw fault('cli.usage', 'MOST is a whole number')
  const { agent, person, task, action, each } = options
  const body = {
    on: { agent, person, task, action },
    each,
    ...whatOf(what),
    most: Number(most),
    reason: await reasonOf(context, options.reason),
  }
  const limit = await (await context.control()).send('POST', '/v1/limits', body, Limit)
  const { screen } = context
  screen.answer(limit, (surface) => drawLimits([limit], surface, screen.now))
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/limits', LimitsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => drawLimits(answer.limits, surface, screen.now))
}

async function show(context: Context, id: string): Promise<void> {
  const limit = await (await context.control()).get(target(['v1', 'limits', id]), Limit)
  const { screen } = context
  screen.answer(limit, (surface) => drawLimit(limit, surface, screen.now))
}

async function remove(context: Context, id: string, reason: string | undefined): Promise<void> {
  const answer = await because(context, ['v1', 'limits', id, 'remove'], reason, LimitRemoved)
  context.screen.answer(answer, () => `removed ${answer.id}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const limit = program.command('limit').description('limits: add, list, show, remove')
  limit
    .command('add <most> <what>')
    .description(
      'limit what may happen: 100 calls/minute, 500 money/day, 3 concurrency; on every call unless options say which',
    )
    .option('--agent <name>', 'calls of this agent, and those on its authority')
    .option('--person <name>', 'calls on behalf of this person')
    .option('--task <id>', 'calls for this task')
    .option('--action <pattern>', 'calls of system/action, of system/*')
    .option('--each <whom>', 'count apart for each agent, person or task')
    .option('--reason <text>', 'why; stands in the record')
    .action((most: string, what: string, options: AddOptions) => add(context, most, what, options))
  limit
    .command('list')
    .alias('ls')
    .description('list limits in force, with how much is taken')
    .action(() => list(context))
  limit
    .command('show <id>')
    .description('a limit, and who has taken how much of it')
    .action((id: string) => show(context, id))
  limit
    .command('remove <id>')
    .alias('rm')
    .description('remove a limit')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, { reason }: { reason?: string }) => remove(context, id, reason))
}
