// Holds `system triggers` and `system dismiss`: what actions were seen to set off, and the word that one is none.

import { TriggersAnswer } from '../../wire/api/system.ts'
import type { Context } from '../context.ts'
import { table, type Surface } from '../terminal/table.ts'
import { when } from '../terminal/when.ts'

function draw({ triggers }: TriggersAnswer, surface: Surface, now: number): string {
  if (triggers.length === 0) return 'nothing was learned\n'
  return table(
    ['ACTION', 'SETS OFF', 'SEEN', 'LAST', 'COUNTS'],
    triggers.map((one) => [
      one.from,
      one.to,
      one.count,
      when(one.last_seen, now),
      one.dismissed === null
        ? { text: `learned, until ${one.expires_at.slice(0, 10)}`, style: 'yellow' }
        : `dismissed: ${one.dismissed}`,
    ]),
    surface,
  )
}

/** Lists what was learned. */
export async function triggers(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/triggers', TriggersAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer, surface, screen.now))
}

/** Dismisses one. */
export async function dismiss(
  context: Context,
  from: string,
  to: string,
  { reason }: { readonly reason: string },
): Promise<void> {
  const control = await context.control()
  const body = { from, to, reason }
  const answer = await control.send('POST', '/v1/triggers/dismiss', body, TriggersAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer, surface, screen.now))
}
