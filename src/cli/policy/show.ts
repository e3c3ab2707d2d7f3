// Holds `policy show` and `policy ls`: the text of a set, and the policies that decide now.

import type { Command } from 'commander'
import { PoliciesAnswer } from '../../wire/api/policy.ts'
import type { Context } from '../context.ts'
import { fields, table } from '../terminal/table.ts'
import { visible, visibleLines } from '../terminal/visible.ts'
import { when } from '../terminal/when.ts'

async function show(context: Context): Promise<void> {
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
    const files = answer.sources.map(
      ({ file, text }) =>
        `\n${surface.paint('bold', `// ${visible(file)}`)}\n${visibleLines(text.trimEnd())}\n`,
    )
    return head + files.join('')
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
    .command('show')
    .description('the text of the set in force')
    .action(() => show(context))
  policy
    .command('ls')
    .description('list the policies in force')
    .action(() => list(context))
}
