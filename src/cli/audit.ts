// Holds `audit`: the record, as it grows, one call of it, and all of it verified.

import type { Command } from 'commander'
import { AuditEntry, AuditPage } from '../wire/api/audit.ts'
import { parseJson, RESPONSE_LIMITS } from '../std/json.ts'
import { utf8 } from '../std/bytes.ts'
import { registerBreakGlass } from './audit-break-glass.ts'
import { registerErase } from './audit-erase.ts'
import { registerExport } from './audit-export.ts'
import { registerPayload } from './audit-payload.ts'
import { registerSearch } from './audit-search.ts'
import { registerStory } from './audit-story.ts'
import { registerProof } from './audit-proof.ts'
import { registerVerify } from './audit-verify.ts'
import { registerRetention } from './audit-retention.ts'
import { registerSinks } from './audit-sinks.ts'
import type { Context } from './context.ts'
import { target, type Control } from './control/control.ts'
import { fault } from './faults.ts'
import { lineJson } from './terminal/json.ts'
import { drawEntries, entryLine } from './terminal/record.ts'

interface TailOptions {
  readonly follow?: boolean
  readonly lines: number
  readonly type?: string
  readonly agent?: string
  readonly system?: string
}

async function tail(context: Context, options: TailOptions): Promise<void> {
  const { type, agent, system, lines } = options
  if (!Number.isInteger(lines) || lines < 1 || lines > 500) {
    throw fault('cli.usage', '--lines is a number from 1 to 500')
  }
  const control = await context.control()
  const query = { limit: lines, type, agent, system }
  const page = await control.get(target(['v1', 'audit', 'records'], query), AuditPage)
  const { screen } = context
  // Newest last, as a log reads.
  const entries = page.records.toReversed()
  if (options.follow !== true) {
    screen.answer({ records: entries, next: page.next }, (surface) =>
      drawEntries(entries, surface, screen.now),
    )
    return
  }
  const show = (entry: AuditEntry): void => {
    const line =
      screen.format === 'json' ? lineJson(entry) : entryLine(entry, screen.surface, screen.now)
    screen.data(`${line}\n`)
  }
  entries.forEach(show)
  const last = entries.findLast(({ index }) => index !== null)?.index ?? undefined
  await follow(context, control, { type, agent, system }, last, show)
}

/** Shows records as they come into the log, until the person stops it. A stream that ends is gone on with where it ended. */
async function follow(
  context: Context,
  control: Control,
  filter: Readonly<Record<string, string | undefined>>,
  seen: number | undefined,
  show: (entry: AuditEntry) => void,
): Promise<never> {
  let after = seen
  for (;;) {
    const before = after
    const path = target(['v1', 'audit', 'tail'], { ...filter, after })
    for await (const { event, data } of control.events(path)) {
      if (event !== 'record') continue
      const entry = AuditEntry.safeParse(parseJson(utf8(data), RESPONSE_LIMITS))
      if (!entry.success) throw fault('cli.answer', 'the server sent what is no record')
      const { index } = entry.data
      // Whatever is sent twice is shown once.
      if (index !== null && after !== undefined && index <= after) continue
      after = index ?? after
      show(entry.data)
    }
    if (after === before) throw fault('cli.unreachable', 'the server ended the stream')
    context.screen.say('the stream ended; it goes on where it was')
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const audit = program
    .command('audit')
    .description('the record: tail, search, show, trace, replay, verify')
  audit
    .command('tail')
    .description('the newest records')
    .option('-f, --follow', 'go on with what is recorded from now on')
    .option('-n, --lines <n>', 'how many', Number, 20)
    .option('--type <type>', 'of this type only, for example call.denied')
    .option('--agent <name>', 'of this agent only')
    .option('--system <name>', 'about this system only')
    .action((options: TailOptions) => tail(context, options))
  registerSearch(audit, context)
  registerStory(audit, context)
  registerPayload(audit, context)
  registerErase(audit, context)
  registerVerify(audit, context)
  registerProof(audit, context)
  registerExport(audit, context)
  registerRetention(audit, context)
  registerSinks(audit, context)
  registerBreakGlass(audit, context)
}
