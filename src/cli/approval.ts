// Holds `approval`: held calls, shown with their real arguments, and answered with a reason.

import type { Command } from 'commander'
import { Approval, ApprovalAgreed, ApprovalsAnswer, ApprovalSummary } from '../wire/api/approval.ts'
import { registerAmendments, termsOf, type TaskOptions } from './approval-amendments.ts'
import { watch } from './approval-watch.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { repeated } from './repeat.ts'
import { drawApproval, drawApprovals } from './terminal/approval.ts'
import { confirm } from './terminal/ask.ts'

async function list(context: Context, options: { readonly state?: string }): Promise<void> {
  const control = await context.control()
  const answer = await control.get(
    target(['v1', 'approvals'], { state: options.state }),
    ApprovalsAnswer,
  )
  const { screen } = context
  screen.answer(answer, (surface) => drawApprovals(answer.approvals, surface, screen.now))
}

async function show(context: Context, id: string): Promise<void> {
  const control = await context.control()
  const approval = await control.get(target(['v1', 'approvals', id]), Approval)
  const { screen } = context
  screen.answer(approval, (surface) => drawApproval(approval, surface, screen.now))
}

async function answer(
  context: Context,
  id: string,
  verb: 'approve' | 'deny',
  options: TaskOptions & { readonly reason?: string; readonly gate?: string },
): Promise<void> {
  const forTask = termsOf(options)
  const control = await context.control()
  const { screen, shell, asking } = context
  if (options.reason === undefined) {
    // Whoever has not said why yet is shown what they are about to answer.
    const held = await control.get(target(['v1', 'approvals', id]), Approval)
    screen.show(`${drawApproval(held, screen.talk, screen.now)}\n`)
    if (verb === 'approve') await confirm(shell, asking, questionOf(forTask ?? askedAhead(held)))
  }
  const reason = await reasonOf(context, options.reason)
  const path = target(['v1', 'approvals', id, verb])
  const { gate } = options
  const agreed = {
    ...(gate !== undefined && { gate }),
    ...(forTask !== undefined && { for_task: forTask }),
  }
  const body = { reason, ...(verb === 'approve' && agreed) }
  const approval = await control.send('POST', path, body, ApprovalAgreed.partial({ hasty: true }))
  screen.answer(approval, () => `${approval.state}: ${approval.id}\n`)
  if (approval.hasty === true) screen.say(HASTY)
  for (const left of stillMissing(approval)) screen.say(left)
}

interface EscalateOptions {
  readonly to: string
  readonly reason?: string
  readonly gate?: string
}

async function escalate(context: Context, id: string, options: EscalateOptions): Promise<void> {
  const { to, gate } = options
  const reason = await reasonOf(context, options.reason)
  const body = { reason, to, ...(gate !== undefined && { gate }) }
  const control = await context.control()
  const path = target(['v1', 'approvals', id, 'escalate'])
  const held = await control.send('POST', path, body, ApprovalSummary)
  context.screen.answer(held, () => `passed on to ${to}: ${held.id}\n`)
}

/** What an agent asks for ahead is what is agreed to where nothing else is said. */
function askedAhead({ ahead, asks }: Approval): ReturnType<typeof termsOf> {
  return ahead && { ...ahead, loosen: asks?.loosen ?? [] }
}

function questionOf(terms: ReturnType<typeof termsOf>): string {
  if (terms === undefined) return 'Let exactly this call run, once?'
  const { count, for_s: seconds, loosen } = terms
  const loose =
    loosen.length === 0 ? 'these very arguments' : `arguments within ${loosen.join(', ')}`
  return `Let ${count} calls of this task run within ${Math.round(seconds / 60)} minutes, with ${loose}?`
}

const HASTY =
  'that was faster than anybody reads it, and the record says so: `bailiwick approval show` first'

/** What a call waits for that somebody has just agreed to. */
function stillMissing({ state, gates }: ApprovalSummary): string[] {
  const open = state === 'pending' ? gates.filter(({ missing }) => missing > 0) : []
  return open.map(({ policy, asks, missing, yours }) => {
    const whose = yours ? ', which asks you too' : ''
    return `it waits at ${policy} for ${missing} more: ${asks}${whose}`
  })
}

const LOOSEN =
  'with --for-task: an argument that may differ, /path=*, /path<=5000 or /path in ["a","b"]; may be repeated'

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const approval = program
    .command('approval')
    .description(
      'held calls: list, show, approve, deny, escalate, watch; what was approved for tasks',
    )
  approval
    .command('ls')
    .description('list held calls')
    .option('--state <state>', 'pending (default), approved, or open: both')
    .action((options: { state?: string }) => list(context, options))
  approval
    .command('show <id>')
    .description('one held call with its arguments; looking is recorded')
    .action((id: string) => show(context, id))
  approval
    .command('approve <id>')
    .description('agree at one gate; the call runs, once, when no gate waits any more')
    .option('--reason <text>', 'why; stands in the record, and the agent is told')
    .option('--gate <policy>', 'which, by its policy, where more than one asks you')
    .option('--for-task', 'calls like this one for the whole task, not this one alone')
    .option('--count <n>', 'with --for-task: how many calls in all, this one among them')
    .option('--for <time>', 'with --for-task: how long, 30m, 2h or 1d (default: 1h)')
    .option('--loosen <bound>', LOOSEN, repeated)
    .action((id: string, options: TaskOptions & { reason?: string; gate?: string }) =>
      answer(context, id, 'approve', options),
    )
  approval
    .command('deny <id>')
    .description('refuse this call')
    .option('--reason <text>', 'why; stands in the record, and the agent is told')
    .action((id: string, options: { reason?: string }) => answer(context, id, 'deny', options))
  approval
    .command('escalate <id>')
    .description('pass a held call on to somebody whom its gate names, who then agrees there alone')
    .requiredOption(
      '--to <who>',
      'a role, `team NAME`, `the owner` or `the user`, as the gate names them',
    )
    .option('--reason <text>', 'why; stands in the record')
    .option('--gate <policy>', 'which, by its policy, where more than one asks you')
    .action((id: string, options: EscalateOptions) => escalate(context, id, options))
  registerAmendments(approval, context)
  approval
    .command('watch')
    .description('show held calls as they come, and ask about each')
    .action(() => watch(context))
}
