// Holds `audit retention`: how long each shard of the log is kept, and why one stays or has gone.

import type { Command } from 'commander'
import { RetentionAnswer, type ShardAnswer } from '../wire/api/retention.ts'
import { dropInDatabase } from '../server/retention-database.ts'
import type { Context } from './context.ts'
import { table, type Surface } from './terminal/table.ts'

const STYLES = { waits: 'yellow', due: 'yellow', dropped: 'dim' } as const

function nameOf(shard: string): string {
  return shard === '' ? '(first)' : shard
}

function row({ shard, records, state, ends_at, due_at, why }: ShardAnswer) {
  const style = state in STYLES ? STYLES[state as keyof typeof STYLES] : undefined
  return [
    nameOf(shard),
    String(records),
    ends_at?.slice(0, 10) ?? '',
    due_at?.slice(0, 10) ?? '',
    style === undefined ? state : { text: state, style },
    why ?? '',
  ]
}

function draw({ keep, shards, in_database, problem }: RetentionAnswer, surface: Surface): string {
  const heading = keep === 'forever' ? 'kept forever' : `kept for ${keep} after a shard ends`
  const rows = shards.map(row)
  const shown = table(['SHARD', 'RECORDS', 'ENDS', 'DUE', 'STATE', 'WHY'], rows, surface)
  const still = in_database.map(nameOf).join(', ')
  return [
    `${heading}\n${shown}`,
    still === ''
      ? ''
      : `PostgreSQL still holds ${still}; its owner removes it: bailiwick audit retention --in-database\n`,
    problem === null ? '' : `not dropped: ${problem}\n`,
  ].join('')
}

async function run(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/audit/retention', RetentionAnswer)
  context.screen.answer(answer, (surface) => draw(answer, surface))
}

async function removeFromDatabase({ home, screen, shell }: Context): Promise<void> {
  const removed = await dropInDatabase({ home, environment: shell.env })
  screen.answer({ removed }, (surface) => {
    const rows = removed.map(({ shard, records }) => [nameOf(shard), String(records)])
    return table(['SHARD', 'RECORDS REMOVED'], rows, surface)
  })
}

/** Adds the command below `audit`. */
export function registerRetention(audit: Command, context: Context): void {
  audit
    .command('retention')
    .description('how long each shard of the log is kept, and what has gone')
    .option(
      '--in-database',
      'remove from PostgreSQL what the log of this home says was dropped, as the owner of BAILIWICK_OWNER_DATABASE_URL',
    )
    .action(async ({ inDatabase = false }: { readonly inDatabase?: boolean }) => {
      await (inDatabase ? removeFromDatabase(context) : run(context))
    })
}
