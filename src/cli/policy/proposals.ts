// Holds `policy proposals`, `policy approve` and `policy reject`: sets that wait for a second administrator.

import type { Command } from 'commander'
import { PolicyApplied } from '../../wire/api/policy.ts'
import { ProposalAnswer, ProposalRejected, ProposalsAnswer } from '../../wire/api/policy-version.ts'
import { because } from '../because.ts'
import type { Context } from '../context.ts'
import { target } from '../control/control.ts'
import { confirm } from '../terminal/ask.ts'
import { table } from '../terminal/table.ts'
import { visible, visibleLines } from '../terminal/visible.ts'
import { when } from '../terminal/when.ts'
import { drawChange, drawDone } from './change.ts'
import { drawProblems } from './problems.ts'

async function list(context: Context): Promise<void> {
  const { screen } = context
  const answer = await (await context.control()).get('/v1/policies/proposals', ProposalsAnswer)
  screen.answer(answer, (surface) =>
    table(
      ['PROPOSAL', 'BY', 'PROPOSED', 'EXPIRES', 'CHANGES', 'REASON'],
      answer.proposals.map((one) => [
        one.id,
        one.proposed_by,
        when(one.proposed_at, screen.now),
        when(one.expires_at, screen.now),
        one.problems.length > 0
          ? { text: 'does not hold now', style: 'red' }
          : `+${one.added.length} ~${one.changed.length} -${one.removed.length}`,
        one.reason,
      ]),
      surface,
    ),
  )
}

async function show(context: Context, id: string): Promise<void> {
  const { screen } = context
  const path = target(['v1', 'policies', 'proposals', id])
  const answer = await (await context.control()).get(path, ProposalAnswer)
  screen.answer(answer, (surface) => {
    const files = answer.sources.map(
      ({ file, text }) =>
        `\n${surface.paint('bold', `// ${visible(file)}`)}\n${visibleLines(text.trimEnd())}\n`,
    )
    const change = drawChange(answer, surface)
    return `${change}${drawProblems(answer.problems, 'error', surface)}${files.join('')}`
  })
}

async function approve(context: Context, id: string, reason: string | undefined): Promise<void> {
  const { screen, shell, asking } = context
  const path = target(['v1', 'policies', 'proposals', id])
  const proposal = await (await context.control()).get(path, ProposalAnswer)
  screen.show(drawChange(proposal, screen.talk))
  screen.say(`proposed by ${proposal.proposed_by}: ${proposal.reason}`)
  await confirm(shell, asking, 'Put it in force?')
  const approved = ['v1', 'policies', 'proposals', id, 'approve']
  const applied = await because(context, approved, reason, PolicyApplied)
  screen.answer(applied, () => drawDone(applied))
}

async function reject(context: Context, id: string, reason: string | undefined): Promise<void> {
  const path = ['v1', 'policies', 'proposals', id, 'reject']
  const rejected = await because(context, path, reason, ProposalRejected)
  context.screen.answer(rejected, () => `rejected: ${rejected.id}\n`)
}

/** Adds the verbs. */
export function register(policy: Command, context: Context): void {
  policy
    .command('proposals [proposal]')
    .description('what waits for a second administrator; or one of them, with its text')
    .action((id: string | undefined) => (id === undefined ? list(context) : show(context, id)))
  policy
    .command('approve <proposal>')
    .description('agree to what another administrator proposed, and put it in force')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, { reason }: { reason?: string }) => approve(context, id, reason))
  policy
    .command('reject <proposal>')
    .description('end a proposal that is not wanted, or that you take back')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, { reason }: { reason?: string }) => reject(context, id, reason))
}
