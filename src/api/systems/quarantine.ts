// Holds the routes of quarantines: what a system shows otherwise than it was pinned, and a person's yes or no to exactly that.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { ApproveSystem, QuarantineAnswer, RejectSystem, System } from '../../wire/api/system.ts'
import { Name } from '../../wire/api/text.ts'
import type { ControlPorts, QuarantineReview } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { saidOf } from './labels.ts'
import { shownSystem } from './shown.ts'

/** Characters of one text of a difference: more nobody reads. */
const MOST = 50_000

function shownText(text: string | undefined): string | null {
  if (text === undefined) return null
  return text.length <= MOST ? text : `${text.slice(0, MOST)}\n… and ${text.length - MOST} more`
}

function shown(system: string, review: QuarantineReview | undefined): QuarantineAnswer {
  if (review === undefined) {
    const none = { differences: [], signs: [], breaks: [], actions: [], prompts: [] }
    return { system, fingerprint: null, since: null, whole: false, ...none }
  }
  const { quarantine, differences, signs, breaks } = review
  return {
    system,
    fingerprint: quarantine.fingerprint,
    since: rfc3339(quarantine.at),
    whole: quarantine.whole,
    actions: [...quarantine.actions],
    prompts: [...quarantine.prompts],
    differences: differences.map(({ part, name, change, fields }) => ({
      part,
      name: name ?? null,
      change,
      fields: fields.map(({ field, before, now }) => ({
        field,
        before: shownText(before),
        now: shownText(now),
      })),
    })),
    signs: signs.map((sign) => ({ ...sign })),
    breaks: breaks.map((problem) => ({ ...problem })),
  }
}

/** Serves quarantines. */
export function serveQuarantines(surface: Surface, ports: ControlPorts): void {
  const { authority, server } = ports
  const params = z.strictObject({ name: Name })
  surface.closed(
    'GET /v1/systems/{name}/quarantine',
    {
      summary: 'What a system shows otherwise than it was pinned',
      params,
      answer: QuarantineAnswer,
    },
    ({ params: { name } }) => shown(name, server.reviewSystem(name)),
  )
  surface.closed(
    'POST /v1/systems/{name}/approve',
    {
      summary: 'Pin what waits, if it is what was shown',
      params,
      body: ApproveSystem,
      answer: System,
    },
    async ({ params: { name }, body: { fingerprint, facts, reason }, person }) => {
      await server.approveSystem({
        name,
        fingerprint,
        facts: saidOf(facts),
        reason,
        person: person.id,
      })
      return shownSystem(ports, authority.systems.find(name))
    },
  )
  surface.closed(
    'POST /v1/systems/{name}/reject',
    {
      summary: 'Leave what is pinned as it is: what waits stays out',
      params,
      body: RejectSystem,
      answer: System,
    },
    async ({ params: { name }, body: { fingerprint, reason }, person }) => {
      authority.systems.find(name)
      await authority.quarantines.reject(name, fingerprint, { person: person.id, reason })
      return shownSystem(ports, authority.systems.find(name))
    },
  )
}
