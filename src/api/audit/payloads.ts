// Holds the route of payloads: what a call sent and got back, for who may look into it and says why; recorded before it is shown.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { sideFault } from '../../audit/side/faults.ts'
import { PayloadsAnswer, PayloadsRequest } from '../../wire/api/erasure.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Serves payloads. */
export function servePayloads(surface: Surface, { audit, payloads }: ControlPorts): void {
  surface.closed(
    'POST /v1/audit/calls/{id}/payloads',
    {
      summary: 'What was kept of a call; needs a reason, and is recorded before it is shown',
      params: z.strictObject({ id: z.string().max(64) }),
      body: PayloadsRequest,
      answer: PayloadsAnswer,
    },
    async ({ params: { id: call }, body: { kinds, reason }, person }) => {
      const kept = await payloads.of(call)
      const wanted = kept.filter(({ kind }) => kinds?.includes(kind) ?? true)
      if (wanted.length === 0) {
        // Who looks for what is not there is on record as well.
        const body = { what: 'payloads', shown: {}, reason }
        await audit.append({ type: 'payload.read', phase: 'admin', person: person.id, call, body })
        throw sideFault('side.not_kept', 'nothing of that kind is kept of this call')
      }
      const shown = Object.fromEntries(wanted.map((one) => [one.kind, one.commitment ?? 'erased']))
      await audit.append({
        type: 'payload.read',
        phase: 'admin',
        person: person.id,
        call,
        body: { what: 'payloads', shown, reason },
      })
      return {
        call,
        payloads: wanted.map(({ kind, text, commitment, createdAt, endsAt }) => ({
          kind,
          text: text ?? null,
          commitment: commitment ?? null,
          kept_at: rfc3339(createdAt),
          ends_at: rfc3339(endsAt),
        })),
      }
    },
  )
}
