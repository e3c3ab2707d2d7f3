// Holds people as the control API shows and makes them. History: v1 people with public keys as credentials; v2 what they hold and how they leave; reasons for new people and keys, and unseen changes of who governs, added.

import { z } from 'zod'
import { Name, Reason, Time } from './text.ts'

/** A person. */
export const Person = z
  .object({
    /** `per_` and a UUIDv7: what records name. */
    id: z.string(),
    name: Name,
    /** Those that they have now, groups of identity providers included. */
    roles: z.array(Name),
    /** Those that were given here. */
    local_roles: z.array(Name),
    state: z.enum(['active', 'left']),
    created_at: Time,
    /** The public halves of the person's operator credentials, by key id. */
    credentials: z.array(z.object({ kid: z.string(), created_at: Time })),
    passkeys: z.array(z.object({ id: z.string(), created_at: Time })),
    /** Identity providers at which they sign in, and when their groups were last heard of. */
    external: z.array(z.object({ source: Name, roles: z.array(Name), heard_at: Time })),
  })
  .meta({ id: 'Person' })

/** Answer of `GET /v1/people`. */
export const PeopleAnswer = z.object({ people: z.array(Person) })

const PublicKey = z
  .string()
  .regex(/^[A-Za-z0-9_-]{40,200}$/, 'is not base64url')
  .meta({ description: 'Ed25519 SubjectPublicKeyInfo (RFC 8410), DER, base64url' })

/** Body of `POST /v1/people`. */
export const NewPerson = z.strictObject({
  name: Name,
  roles: z.array(Name).max(32),
  public_key: PublicKey,
  /** Stands in the record where two have to agree to it. */
  reason: Reason.optional(),
})

/** Body of `PATCH /v1/people/{id}`: the roles that are given here, in place of those before. */
export const PersonChange = z.strictObject({ roles: z.array(Name).max(32), reason: Reason })

/** Body of `POST /v1/people/{id}/keys`. */
export const NewKey = z.strictObject({ public_key: PublicKey, reason: Reason.optional() })

/** Answer of `GET /v1/whoami`. */
export const WhoAmI = z.object({
  person: z.object({ id: z.string(), name: Name, roles: z.array(Name) }),
  /** Of the server. */
  version: z.string(),
  /** Changes of who governs that this person has not seen; 0 for who does not administer. */
  unseen_changes: z.number().int(),
})

export type Person = z.infer<typeof Person>
export type PeopleAnswer = z.infer<typeof PeopleAnswer>
export type NewPerson = z.infer<typeof NewPerson>
export type WhoAmI = z.infer<typeof WhoAmI>
