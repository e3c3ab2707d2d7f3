// Holds `audit retention`: how long each shard of the log is kept, and why one stays or has gone.

import type { Command } from 'commander'
import { RetentionAnswer, type ShardAnswer } from '../wire/api/retention.ts'
import type { Context } from './context.ts'
import { table, type Surface } from './terminal/table.ts'

const STYLES = { waits: 'yellow', due: 'yellow', dropped: 'dim' } as const

function row({ shard, records, state, ends_at, due_at, why }: ShardAnswer) {
  const style = state in STYLES ? STYLES[state as keyof typeof STYLES] : undefined
  return [
    shard === '' ? '(first)' : shard,
    String(records),
    ends_at?.slice(0, 10) ?? '',
    due_at?.slice(0, 10) ?? '',
    style === undefined ? state : { text: state, style },
    why ?? '',
  ]
}

function draw({ keep, shards, problem }: RetentionAnswer, surface: Surface): string {
  const heading = keep === 'forever' ? 'kept forever' : `kept for ${keep} after a shard ends`
  const rows = shards.map(row)
  const shown = table(['SHARD', 'RECORDS', 'ENDS', 'DUE', 'STATE', 'WHY'], rows, surface)
  return `${heading}\n${shown}${problem === null ? '' : `not dropped: ${problem}\n`}`
}

async function run(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/audit/retention', RetentionAnswer)
  context.screen.answer(answer, (surface) => draw(answer, surface))
}

/** Adds the command below `audit`. */
export function registerRetention(audit: Command, context: Context): void {
  audit
    .command('retention')
    .description('how long each shard of the log is kept, and what has gone')
    .action(() => run(context))
}
