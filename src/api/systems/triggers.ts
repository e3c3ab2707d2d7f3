// Holds the routes of learned triggers: what actions were seen to set off, and a person's word that one is none.

import { rfc3339 } from '../../std/clock.ts'
import { DismissTrigger, TriggersAnswer } from '../../wire/api/system.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

function shown({ authority: { effects } }: ControlPorts): TriggersAnswer {
  const triggers = effects.learned().map((trigger) => ({
    from: trigger.from,
    to: trigger.to,
    count: trigger.count,
    first_seen: rfc3339(trigger.firstSeen),
    last_seen: rfc3339(trigger.lastSeen),
    expires_at: rfc3339(trigger.expiresAt),
    dismissed: trigger.dismissed?.reason ?? null,
  }))
  return { triggers }
}

/** Serves learned triggers. */
export function serveTriggers(surface: Surface, ports: ControlPorts): void {
  surface.closed(
    'GET /v1/triggers',
    { summary: 'What actions were seen to set off, by trace context', answer: TriggersAnswer },
    () => shown(ports),
  )
  surface.closed(
    'POST /v1/triggers/dismiss',
    {
      summary: 'Say that something learned is no trigger: it no longer counts',
      body: DismissTrigger,
      answer: TriggersAnswer,
    },
    async ({ body: { from, to, reason }, person }) => {
      await ports.authority.effects.dismiss({ from, to }, { person: person.id, reason })
      return shown(ports)
    },
  )
}
