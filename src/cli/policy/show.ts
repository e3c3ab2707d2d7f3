// Holds `policy show` and `policy ls`: the text of a set, and the policies that decide now.

import type { Command } from 'commander'
import { PoliciesAnswer, type PolicySource } from '../../wire/api/policy.ts'
import { PolicyVersionAnswer } from '../../wire/api/policy-version.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { fields, table, type Surface } from '../terminal/table.ts'
import { visible, visibleLines } from '../terminal/visible.ts'
import { when } from '../terminal/when.ts'

function drawSources(sources: readonly PolicySource[], surface: Surface): string {
  return sources
    .map(
      ({ file, text }) =>
        `\n${surface.paint('bold', `// ${visible(file)}`)}\n${visibleLines(text.trimEnd())}\n`,
    )
    .join('')
}

function drawIsolated({ isolated }: PoliciesAnswer, surface: Surface): string {
  return isolated
    .flatMap(({ system, problems }) =>
      problems.map(({ file, line, column, message }) => {
        const place = visible(`${file}:${line}:${column}: ${message}`)
        return `${surface.paint('red', `${visible(system)} is isolated:`)} ${place}\n`
      }),
    )
    .join('')
}

async function showVersion(context: Context, version: string): Promise<void> {
  const { screen } = context
  const path = target(['v1', 'policies', 'versions', version])
  const answer = await (await context.control()).get(path, PolicyVersionAnswer)
  screen.answer(answer, (surface) => {
    const head = fields(
      [
        ['version', answer.id],
        ['digest', answer.digest],
        ['applied', when(answer.applied_at, screen.now)],
        ['by', answer.applied_by],
        ['agreed', answer.approved_by ?? undefined],
        ['reason', answer.reason ?? undefined],
        ['before', answer.parent ?? undefined],
      ],
      surface,
    )
    return head + drawSources(answer.sources, surface)
  })
}

async function show(context: Context, version: string | undefined): Promise<void> {
  if (version !== undefined) return showVersion(context, version)
  const answer = await (await context.control()).get('/v1/policies', PoliciesAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => {
    if (answer.digest === null) return 'no policies were ever applied: every call is denied\n'
    const head = fields(
      [
        ['digest', answer.digest],
        ['applied', answer.applied_at === null ? undefined : when(answer.applied_at, screen.now)],
        ['by', answer.applied_by ?? undefined],
      ],
      surface,
    )
    return head + drawIsolated(answer, surface) + drawSources(answer.sources, surface)
  })
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/policies', PoliciesAnswer)
  context.screen.answer(answer, (surface) =>
    table(
      ['ID', 'EFFECT', 'GATE', 'FILE', 'REASON'],
      answer.policies.map((policy) => [
        policy.id,
        { text: policy.effect, style: policy.effect === 'permit' ? 'green' : 'red' },
        policy.gate ?? '',
        policy.file,
        policy.reason ?? '',
      ]),
      surface,
    ),
  )
}

/** Adds the verbs. */
export function register(policy: Command, context: Context): void {
  policy
    .command('show [version]')
    .description('the text of the set in force, or of an earlier version')
    .action((version: string | undefined) => show(context, version))
  policy
    .command('ls')
    .description('list the policies in force')
    .action(() => list(context))
}
