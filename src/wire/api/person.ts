// Holds people as the control API shows and makes them. History: v1 people with public keys as credentials.

import { z } from 'zod'
import { Name, Time } from './text.ts'

/** A person. */
export const Person = z
  .object({
    /** `per_` and a UUIDv7: what records name. */
    id: z.string(),
    name: Name,
    roles: z.array(Name),
    created_at: Time,
    /** The public halves of the person's operator credentials, by key id. */
    credentials: z.array(z.object({ kid: z.string(), created_at: Time })),
  })
  .meta({ id: 'Person' })

/** Answer of `GET /v1/people`. */
export const PeopleAnswer = z.object({ people: z.array(Person) })

/** Body of `POST /v1/people`. */
export const NewPerson = z.strictObject({
  name: Name,
  roles: z.array(Name).max(32),
  public_key: z
    .string()
    .regex(/^[A-Za-z0-9_-]{40,200}$/, 'is not base64url')
    .meta({ description: 'Ed25519 SubjectPublicKeyInfo (RFC 8410), DER, base64url' }),
})

/** Answer of `GET /v1/whoami`. */
export const WhoAmI = z.object({
  person: z.object({ id: z.string(), name: Name, roles: z.array(Name) }),
  /** Of the server. */
  version: z.string(),
})

export type Person = z.infer<typeof Person>
export type PeopleAnswer = z.infer<typeof PeopleAnswer>
export type NewPerson = z.infer<typeof NewPerson>
export type WhoAmI = z.infer<typeof WhoAmI>
