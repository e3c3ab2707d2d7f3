// Holds agreeing with a passkey: what is signed is this very call, at one gate, by one person (INV-6).

import { z } from 'zod'
import { ForTask } from '../../wire/api/amendment.ts'
import { ApprovalPresence } from '../../wire/api/approval.ts'
import { Onward, PasskeyOptions } from '../../wire/api/login.ts'
import { Id } from '../../wire/api/text.ts'
import { termsOf } from '../amendments/shown.ts'
import { Passkeys } from '../login/passkeys.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

const ById = z.strictObject({ id: Id })
const AtGate = z.strictObject({ gate: z.string().max(128), for_task: ForTask.optional() })

/** Serves it, for browsers in which somebody is signed in. */
export function servePresence(surface: Surface, ports: ControlPorts): void {
  const passkeys = new Passkeys(ports)
  const { approvals } = ports.authority
  surface.signedIn(
    'POST /approvals/{id}/presence/options',
    {
      summary: 'Begin to agree to a held call with a passkey',
      params: ById,
      body: AtGate,
      answer: PasskeyOptions,
    },
    async ({ signedIn: { person, session }, params: { id }, body: { gate, for_task: terms } }) => {
      const word = { person: person.id, gate, ...forTask(terms) }
      const ask = await approvals.presenceAsk(id, word)
      return { ...(await passkeys.agreement(person, session.hash, ask)) }
    },
  )
  surface.signedIn(
    'POST /approvals/{id}/presence',
    {
      summary: 'Agree to a held call with a passkey',
      params: ById,
      body: ApprovalPresence,
      answer: Onward,
    },
    async ({ signedIn: { person, session }, params: { id }, body }) => {
      const { gate, reason, assertion } = body
      const word = { person: person.id, gate, ...forTask(body.for_task) }
      const ask = await approvals.presenceAsk(id, word)
      const presence = await passkeys.agreed(person, session.hash, ask, assertion)
      await approvals.approve(id, { ...word, reason, presence })
      return { next: `/approvals/${id}` }
    },
  )
}

/** The terms that somebody agrees to for the whole task, where they sent some. */
function forTask(terms: ForTask | undefined): { readonly forTask?: ReturnType<typeof termsOf> } {
  return terms === undefined ? {} : { forTask: termsOf(terms) }
}
