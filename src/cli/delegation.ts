// Holds `delegation`: authority that was passed on, listed, shown as a tree, and taken back.

import type { Command } from 'commander'
import {
  DelegationRevoked,
  DelegationsAnswer,
  DelegationTree,
  type Delegation,
} from '../wire/api/delegation.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

/** Rows with what hangs on what drawn before the id. */
function draw(rows: readonly Delegation[], surface: Surface, now: number, tree: boolean): string {
  const depths = new Map<string, number>()
  return table(
    [{ title: 'DELEGATION', whole: true }, 'FOR', 'FROM', 'TO', 'SCOPE', 'ENDS', 'HOLDS'],
    rows.map((one) => {
      const depth = one.parent === null ? 0 : (depths.get(one.parent) ?? -1) + 1
      depths.set(one.id, depth)
      return [
        `${tree ? '  '.repeat(depth) : ''}${one.id}`,
        one.person ?? 'nobody',
        one.by?.agent ?? one.person ?? '',
        one.instance === null ? `${one.agent} (not taken up)` : one.agent,
        one.scope === null ? 'all of it' : one.scope.join(' '),
        when(one.expires_at, now),
        one.holds ? 'yes' : { text: 'no', style: 'red' },
      ]
    }),
    surface,
  )
}

interface ListOptions {
  readonly mine?: boolean
  readonly agent?: string
}

async function list(context: Context, options: ListOptions): Promise<void> {
  const control = await context.control()
  const delegations: Delegation[] = []
  let cursor: string | null = null
  do {
    const query: Record<string, string> = {
      mine: String(options.mine === true),
      ...(options.agent !== undefined && { agent: options.agent }),
      ...(cursor !== null && { cursor }),
    }
    const page = await control.get(target(['v1', 'delegations'], query), DelegationsAnswer)
    delegations.push(...page.delegations)
    cursor = page.next
  } while (cursor !== null)
  const { screen } = context
  screen.answer({ delegations }, (surface) => draw(delegations, surface, screen.now, false))
}

async function show(context: Context, id: string): Promise<void> {
  const path = target(['v1', 'delegations', id])
  const answer = await (await context.control()).get(path, DelegationTree)
  const { screen } = context
  screen.answer(answer, (surface) =>
    draw([...answer.chain, ...answer.below], surface, screen.now, true),
  )
}

async function revoke(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const reason = await reasonOf(context, options.reason)
  const path = target(['v1', 'delegations', id, 'revoke'])
  const control = await context.control()
  const answer = await control.send('POST', path, { reason }, DelegationRevoked)
  const more = answer.revoked.length - 1
  context.screen.answer(
    answer,
    () => `revoked ${answer.id}${more === 0 ? '' : `, and ${more} below it`}\n`,
  )
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const delegation = program
    .command('delegation')
    .description('authority that was passed on: list, show, revoke')
  delegation
    .command('ls')
    .description('list delegations that have not ended')
    .option('--mine', 'only those that begin with you')
    .option('--agent <name>', 'only those to one agent')
    .action((options: ListOptions) => list(context, options))
  delegation
    .command('show <id>')
    .description('a delegation with the chain above it and all that is below')
    .action((id: string) => show(context, id))
  delegation
    .command('revoke <id>')
    .description('take a delegation back with everything below it, at once')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => revoke(context, id, options))
}
