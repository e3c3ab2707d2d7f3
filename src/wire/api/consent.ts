// Holds consents as the control API gives them. History: v1.

import { z } from 'zod'
import { Id, Name, Time } from './text.ts'

/** A consent that holds. */
export const ConsentAnswer = z.object({
  id: Id,
  client: z.string().meta({ description: 'client_id: URL of its metadata document' }),
  agent: Name,
  instance: Id,
  person: z.string().meta({ description: 'person id' }),
  delegation: Id,
  resources: z.array(z.string()),
  scope: z.array(z.string()),
  binding: z.enum(['dpop', 'mtls', 'none']),
  refreshes: z.boolean(),
  created_at: Time,
  expires_at: Time,
})
export type ConsentAnswer = z.infer<typeof ConsentAnswer>

/** Consents that hold. */
export const ConsentsAnswer = z.object({ consents: z.array(ConsentAnswer) })
