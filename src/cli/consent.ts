// Holds `consent`: what clients may do on a person's behalf, and ending it.

import type { Command } from 'commander'
import { ConsentAnswer, ConsentsAnswer } from '../wire/api/consent.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

function draw(consents: readonly ConsentAnswer[], surface: Surface, now: number): string {
  return table(
    [{ title: 'CONSENT', whole: true }, 'AGENT', 'CLIENT', 'MAY', 'BOUND TO', 'GIVEN', 'ENDS'],
    consents.map(({ id, agent, client, scope, binding, created_at, expires_at }) => [
      id,
      agent,
      new URL(client).host,
      scope.join(' '),
      binding === 'none' ? { text: 'no key', style: 'red' } : binding,
      when(created_at, now),
      when(expires_at, now),
    ]),
    surface,
  )
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/consents', ConsentsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.consents, surface, screen.now))
}

async function revoke(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const consent = await because(
    context,
    ['v1', 'consents', id, 'revoke'],
    options.reason,
    ConsentAnswer,
  )
  context.screen.answer(consent, () => `revoked ${consent.id}: ${consent.client}\n`)
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const consent = program
    .command('consent')
    .description('what OAuth clients may do on your behalf: list, revoke')
  consent
    .command('ls')
    .description('list consents that hold: your own, or all for operators')
    .action(() => list(context))
  consent
    .command('revoke <id>')
    .description('end a consent, with its tokens, its delegation and its instance')
    .option('--reason <text>', 'why; stands in the record')
    .action((id: string, options: { reason?: string }) => revoke(context, id, options))
}
