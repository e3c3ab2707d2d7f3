// Holds `audit payload`: what was kept of a call, for who may look into it and says why.

import type { Command } from 'commander'
import { PayloadsAnswer } from '../wire/api/erasure.ts'
import type { Context } from './context.ts'
import { target } from './control/control.ts'
import { reasonOf } from './reason.ts'
import { visible } from './terminal/visible.ts'

interface PayloadOptions {
  readonly arguments?: boolean
  readonly result?: boolean
  readonly reason?: string
}

async function payload(context: Context, call: string, options: PayloadOptions): Promise<void> {
  const { screen } = context
  const kinds = (['arguments', 'result'] as const).filter((kind) => options[kind] === true)
  const reason = await reasonOf(context, options.reason)
  const control = await context.control()
  const body = { ...(kinds.length > 0 && { kinds }), reason }
  const path = target(['v1', 'audit', 'calls', call, 'payloads'], {})
  const answer = await control.send('POST', path, body, PayloadsAnswer)
  screen.answer(answer, () =>
    answer.payloads
      .map(({ kind, text, commitment, ends_at: ends }) =>
        text === null
          ? `${kind}: erased\n`
          : `${kind} (${commitment ?? ''}, kept until ${ends})\n${visible(text)}\n`,
      )
      .join('\n'),
  )
}

/** Adds the command. */
export function registerPayload(audit: Command, context: Context): void {
  audit
    .command('payload <call>')
    .description(
      'what was kept of a call, where policy asks for it (`@keep`); reading it is recorded',
    )
    .option('--arguments', 'what it sent only')
    .option('--result', 'what the agent was given only')
    .option('--reason <text>', 'why you look; the record commits to it')
    .action((call: string, options: PayloadOptions) => payload(context, call, options))
}
