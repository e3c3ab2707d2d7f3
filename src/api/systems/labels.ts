// Holds the route by which people change what is said of the actions of a pinned system.

import { z } from 'zod'
import type { ActionFacts } from '../../policy/reality/facts.ts'
import { LabelSystem, System } from '../../wire/api/system.ts'
import { Name } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { shownSystem } from './shown.ts'

type Facts = z.output<typeof LabelSystem>['facts'][string]

/** What was said, without members that were left out. */
export function saidOf(
  all: Readonly<Record<string, Facts>>,
): Readonly<Record<string, ActionFacts>> {
  const said = Object.entries(all).map(([name, { effects, labels, measures, triggers }]) => {
    const { money, recipients } = measures ?? {}
    const facts: ActionFacts = {
      ...(effects !== undefined && { effects }),
      ...(labels !== undefined && { labels }),
      ...(measures !== undefined && {
        measures: {
          ...(money !== undefined && { money }),
          ...(recipients !== undefined && { recipients }),
        },
      }),
      ...(triggers !== undefined && { triggers }),
    }
    return [name, facts] as const
  })
  return Object.fromEntries(said)
}

/** Serves labels. */
export function serveLabels(surface: Surface, ports: ControlPorts): void {
  surface.closed(
    'POST /v1/systems/{name}/labels',
    {
      summary:
        'Change what is said of the actions of a pinned system: effects, data labels, measures, triggers',
      params: z.strictObject({ name: Name }),
      body: LabelSystem,
      answer: System,
    },
    async ({ params: { name }, body: { facts, passing, reason }, person }) => {
      await ports.server.labelSystem({
        name,
        facts: saidOf(facts),
        ...(passing !== undefined && { passing }),
        reason,
        person: person.id,
      })
      return shownSystem(ports, ports.authority.systems.find(name))
    },
  )
}
