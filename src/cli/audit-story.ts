// Holds `audit show`, `audit trace` and `audit replay`: what the record tells of one call, of a task, and of an incident.

import type { Command } from 'commander'
import { publicFault } from '../std/fault.ts'
import { isUuid } from '../std/id.ts'
import { AuditEntry } from '../wire/api/audit.ts'
import { AuditCallStory, AuditReplay, AuditTrace } from '../wire/api/story.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { fault } from './faults.ts'
import { pastOf } from './moment.ts'
import { drawRecord } from './terminal/record.ts'
import { lineJson } from './terminal/json.ts'
import { replayLine } from './terminal/replay.ts'
import { drawStory } from './terminal/story.ts'
import { drawTrace } from './terminal/trace.ts'

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const { screen } = context
  if (isUuid(id)) {
    try {
      const call = await control.get(target(['v1', 'audit', 'calls', id]), AuditCallStory)
      screen.answer(call, (surface) => drawStory(call, surface, screen.now))
      return
    } catch (error) {
      // No call has this id, but a record may.
      if (publicFault(error).status !== 404) throw error
    }
  }
  const entry = await control.get(target(['v1', 'audit', 'records', id]), AuditEntry)
  screen.answer(entry, (surface) => drawRecord(entry, surface, screen.now))
}

async function trace(context: Context, id: string, options: { from?: string }): Promise<void> {
  const { screen } = context
  const { from } = options
  const query = from === undefined ? {} : { from: pastOf('--from', from, screen.now) }
  const control = await context.control()
  const tree = await control.get(target(['v1', 'audit', 'traces', id], query), AuditTrace)
  screen.answer(tree, (surface) => drawTrace(tree, surface))
}

interface ReplayOptions {
  readonly from: string
  readonly to?: string
  readonly agent?: string
  readonly task?: string
  readonly lines: number
}

async function replay(context: Context, options: ReplayOptions): Promise<void> {
  const { agent, lines, task } = options
  const { screen } = context
  if (!Number.isInteger(lines) || lines < 1 || lines > 100_000) {
    throw fault('cli.usage', '--lines is a number from 1 to 100000')
  }
  const from = pastOf('--from', options.from, screen.now)
  const to = pastOf('--to', options.to ?? '0m', screen.now)
  const control = await context.control()
  let left = lines
  for (let cursor: string | undefined; ;) {
    const query = { from, to, agent, task, cursor, limit: Math.min(500, left) }
    const page = await control.get(target(['v1', 'audit', 'replay'], query), AuditReplay)
    for (const line of page.lines) {
      const text = screen.format === 'json' ? lineJson(line) : replayLine(line, screen.surface)
      screen.data(`${text}\n`)
      if (line.kind === 'record') left -= 1
    }
    if (page.next === null) return
    if (left < 1) return screen.say(`there is more: --lines ${lines * 2}`)
    cursor = page.next
  }
}

/** Adds the commands below `audit`. */
export function registerStory(audit: Command, context: Context): void {
  audit
    .command('show <id>')
    .description('the story of one call, or one record by its id or leaf hash')
    .action((id: string) => show(context, id))
  audit
    .command('trace <id>')
    .description('the tree of a task, of a call or of a trace, across agents and systems')
    .option('--from <time>', 'where to begin to look for a trace: 12h, 7d, or a time (default: 1d)')
    .action((id: string, options: { from?: string }) => trace(context, id, options))
  audit
    .command('replay')
    .description('every record of a stretch of time in its order, with the gaps in it')
    .requiredOption('--from <time>', 'from when: 30m, 12h, 7d ago, or a time')
    .option('--to <time>', 'until when (default: now)')
    .option('--agent <name>', 'of this agent only')
    .option('--task <id>', 'of this task only')
    .option('-n, --lines <n>', 'how many at most', Number, 1_000)
    .action((options: ReplayOptions) => replay(context, options))
}
