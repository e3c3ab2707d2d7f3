// Holds `audit erase`, `audit hold` and `audit release`: what is kept of a person, destroyed or kept from that.

import type { Command } from 'commander'
import { z } from 'zod'
import { ErasureAnswer, SubjectsAnswer } from '../wire/api/erasure.ts'
import type { Context } from './context.ts'
import { fault } from './faults.ts'
import { momentOf } from './moment.ts'
import { reasonOf } from './reason.ts'
import { confirm } from './terminal/ask.ts'
import { fields, table } from './terminal/table.ts'

interface EraseOptions {
  readonly person: string
  readonly before?: string
  readonly basis?: string
  readonly reason?: string
  readonly dryRun?: boolean
}

/** What the counts of an answer are called. */
const COUNTED: Readonly<Record<string, string>> = {
  payloads: 'payloads and words',
  rows: 'rows emptied of words',
  held_calls: 'calls that waited for people',
  consents: 'consents at systems',
  traffic_files: 'files of old traffic',
}

async function erase(context: Context, options: EraseOptions): Promise<void> {
  const { screen } = context
  const { person, basis, dryRun = false } = options
  if (basis === undefined) {
    throw fault(
      'cli.usage',
      '--basis says on what ground, for example gdpr-17; it stands in the record',
    )
  }
  const before =
    options.before === undefined ? undefined : momentOf('--before', options.before, screen.now)
  // Asked for nothing where nothing is done.
  const reason = dryRun ? (options.reason ?? 'a look') : await reasonOf(context, options.reason)
  const ask = { person, basis, reason, ...(before !== undefined && { before }) }
  const control = await context.control()
  const send = (dry_run: boolean) =>
    control.send('POST', '/v1/erasures', { ...ask, dry_run }, ErasureAnswer)
  const seen = await send(true)
  if (!dryRun) {
    screen.say(`${seen.person}: ${inWords(seen)}`)
    await confirm(
      context.shell,
      context.asking,
      'Destroy it for good? Nobody can bring it back, and the record says that it was done.',
    )
  }
  const answer = dryRun ? seen : await send(false)
  screen.answer(answer, (surface) =>
    fields(
      [
        ['person', answer.person],
        ['erasure', answer.erasure ?? 'none: this was a look'],
        ...Object.entries(answer.counts).map(
          ([name, count]) => [COUNTED[name] ?? name, String(count)] as const,
        ),
      ],
      surface,
    ),
  )
}

function inWords({ counts }: ErasureAnswer): string {
  return Object.entries(counts)
    .map(([name, count]) => `${count} ${COUNTED[name] ?? name}`)
    .join(', ')
}

async function hold(
  context: Context,
  verb: 'hold' | 'release',
  options: { readonly person: string; readonly reason?: string },
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const body = { person: options.person, reason }
  const answer = await control.send(
    'POST',
    `/v1/subjects/${verb}`,
    body,
    z.object({ held: z.boolean() }),
  )
  context.screen.answer(answer, () =>
    answer.held
      ? `nothing of ${options.person} can be erased until it is released\n`
      : `what is kept of ${options.person} can be erased again\n`,
  )
}

async function kept(context: Context): Promise<void> {
  const control = await context.control()
  const answer = await control.get('/v1/subjects', SubjectsAnswer)
  context.screen.answer(answer, (surface) =>
    table(
      ['PERSON', { title: 'ID', whole: true }, 'STATE', 'KEY', 'HELD SINCE'],
      answer.subjects.map(({ subject, name, state, epoch, held_since }) => [
        name ?? '',
        subject,
        state,
        String(epoch),
        held_since ?? '',
      ]),
      surface,
    ),
  )
}

/** Adds the commands. */
export function registerErase(audit: Command, context: Context): void {
  audit
    .command('erase')
    .description('destroy the key of what is kept of a person; proofs still verify')
    .requiredOption('--person <name>', 'name or id of the person; also of one who has left')
    .option('--before <date>', 'only payloads from before this date, and no key')
    .option('--basis <word>', 'on what ground, for example gdpr-17; stands in the record in clear')
    .option('--reason <text>', 'why; the record commits to it')
    .option('--dry-run', 'count what it would reach, and erase nothing')
    .action((options: EraseOptions) => erase(context, options))
  for (const verb of ['hold', 'release'] as const) {
    audit
      .command(verb)
      .description(
        verb === 'hold'
          ? 'keep what is kept of a person from being erased'
          : 'let what is kept of a person be erased again',
      )
      .requiredOption('--person <name>', 'name or id of the person')
      .option('--reason <text>', 'why; the record commits to it')
      .action((options: { person: string; reason?: string }) => hold(context, verb, options))
  }
  audit
    .command('subjects')
    .description('whom something is kept of, and what of it is held or erased')
    .action(() => kept(context))
}
