// Holds registrations as the control API shows, makes and removes them. History: v1.

import { z } from 'zod'
import { Id, Moment, Name, Time } from './text.ts'

const Attestor = z.enum(['unix', 'oidc', 'x509pop'])

/** A selector, `<attestor>:<name>:<value>`. */
const Selector = z.string().min(1).max(1024)

/** Element of a composition → the fact of the evidence that it is taken from. */
const Taken = z.strictObject({
  instructions: z.string().max(128).optional(),
  tools: z.string().max(128).optional(),
  model: z.string().max(128).optional(),
  code: z.string().max(128).optional(),
})

/** Which attested facts make a workload an instance of an agent. */
export const Registration = z
  .object({
    id: Id,
    agent: Name,
    attestor: Attestor,
    /** Name of the trust source; null for `unix`. */
    source: z.string().nullable(),
    /** A workload has to have all of them. */
    selectors: z.array(z.string()),
    composition: Taken,
    /** Name of the person on whose behalf its instances act; null: nobody's. */
    on_behalf_of: z.string().nullable(),
    /** What that is narrowed to; null: nothing narrows. */
    scope: z.array(z.string()).nullable(),
    /** False once it has ended, or its trust source is no longer trusted. */
    in_force: z.boolean(),
    added_by: z.string(),
    created_at: Time,
    expires_at: Time.nullable(),
  })
  .meta({ id: 'Registration' })

/** Query of `GET /v1/registrations`. */
export const RegistrationsQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  /** `next` of the page before. */
  cursor: Id.optional(),
  agent: Name.optional(),
})

/** Answer of `GET /v1/registrations`, oldest first. */
export const RegistrationsAnswer = z.object({
  registrations: z.array(Registration),
  next: z.string().nullable(),
})

/** Body of `POST /v1/registrations`. */
export const NewRegistration = z.strictObject({
  agent: Name,
  attestor: Attestor,
  /** Name of the trust source; left out for `unix`. */
  source: Name.optional(),
  selectors: z.array(Selector).min(1).max(32),
  composition: Taken.optional(),
  /** True for instances that act on nobody's behalf; else they act on behalf of who asks. */
  unattended: z.boolean().default(false),
  scope: z.array(z.string().max(256)).max(64).optional(),
  expires_at: Moment.optional(),
})

export type Registration = z.infer<typeof Registration>
export type RegistrationsAnswer = z.infer<typeof RegistrationsAnswer>
export type NewRegistration = z.input<typeof NewRegistration>
