// Holds `audit search`: the record by conditions, page by page.

import type { Command } from 'commander'
import { AuditFound } from '../wire/api/audit.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { drawEntries } from './terminal/record.ts'

/** Options that are conditions of the query as well. */
const CONDITIONS = [
  'agent',
  'person',
  'task',
  'system',
  'action',
  'type',
  'decision',
  'code',
  'since',
  'until',
] as const

type SearchOptions = { readonly [Key in (typeof CONDITIONS)[number]]?: string } & {
  readonly lines: number
  readonly oldest?: boolean
  readonly cursor?: string
}

/** The words given, and a condition for every option. */
function queryOf(given: readonly string[], options: SearchOptions): string {
  const conditions = CONDITIONS.flatMap((key) => {
    const value = options[key]
    if (value === undefined) return []
    if (value.includes('"')) throw fault('cli.usage', `--${key} has no quotes in it`)
    return [`${key}:"${value}"`]
  })
  return [...given, ...conditions].join(' ')
}

async function search(
  context: Context,
  given: readonly string[],
  options: SearchOptions,
): Promise<void> {
  const { lines: limit, oldest, cursor } = options
  if (!Number.isInteger(limit) || limit < 1 || limit > 500) {
    throw fault('cli.usage', '--lines is a number from 1 to 500')
  }
  const order = oldest === true ? 'oldest' : 'newest'
  const query = { q: queryOf(given, options), limit, order, cursor }
  const control = await context.control()
  const found = await control.get(target(['v1', 'audit', 'search'], query), AuditFound)
  const { screen } = context
  screen.answer(found, (surface) => drawEntries(found.records, surface, screen.now))
  if (found.next === null) return
  const why = found.partial ? 'there was much to look through' : 'there is more'
  screen.say(`${why}: the same with --cursor ${found.next}`)
}

/** Adds the command below `audit`. */
export function registerSearch(audit: Command, context: Context): void {
  const command = audit
    .command('search [query...]')
    .description('records by conditions and words: agent:NAME decision:deny since:2h refund')
    .option('-n, --lines <n>', 'how many', Number, 50)
    .option('--oldest', 'the oldest first')
    .option('--cursor <cursor>', 'go on where a page ended')
  for (const key of CONDITIONS) command.option(`--${key} <value>`, `the same as ${key}:VALUE`)
  command.action((given: string[], options: SearchOptions) => search(context, given, options))
}
