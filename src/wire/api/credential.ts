// Holds credentials of systems as the control API shows and takes them; values go in and never come out. History: v1.

import { z } from 'zod'
import { Moment, Name, Reason, Time } from './text.ts'

/** Name by which a system's transport speaks of a value. */
export const CredentialName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, 'is not the name of an environment variable')

/** What is known of a credential; its value is not. */
export const Credential = z
  .object({
    system: Name,
    name: CredentialName,
    /** Counts values, 1 for the first. */
    version: z.number().int(),
    /** Where the value is kept; null: sealed in this home. */
    reference: z.string().nullable(),
    stored_at: Time,
    /** Name of the person who stored it. */
    stored_by: z.string(),
    /** When a new value is due; null: nobody asked for one. */
    due_at: Time.nullable(),
    /** When the value ends at the system. */
    expires_at: Time.nullable(),
    /** Why it has to be replaced at its provider, until somebody says that it was. */
    exposed: z.string().nullable(),
    /** To the hour; null: never. */
    last_used_at: Time.nullable(),
    /** Agents whose calls it went out with. */
    used_by: z.array(Name),
    /** Agents beyond those. */
    used_by_more: z.number().int(),
    /** `system/name` of credentials with the same value. */
    same_as: z.array(z.string()),
    /** Versions before this one, the newest first; their values are gone. */
    earlier: z.array(z.object({ version: z.number().int(), stored_at: Time })),
  })
  .meta({ id: 'Credential' })

/** Answer of `GET /v1/credentials`. */
export const CredentialsAnswer = z.object({ credentials: z.array(Credential) })

/** Body of `POST /v1/credentials/{system}/{name}`: a value, or where it is kept. */
export const SetCredential = z
  .strictObject({
    value: z.string().min(1).max(65_536).optional(),
    /** `vault:PATH#FIELD` */
    reference: z.string().max(512).optional(),
    /** After how many days a new value is due; null: never. Left out: as before. */
    rotate_every_days: z.number().int().min(1).max(3_650).nullable().optional(),
    expires_at: Moment.optional(),
  })
  .refine(({ value, reference }) => (value === undefined) !== (reference === undefined), {
    path: ['value'],
    message: 'is given, or a reference is, and never both',
  })

/** Body of `POST /v1/credentials/{system}/{name}/rotate`: a new value, or the word that it was replaced at its provider. */
export const RotateCredential = z.strictObject({
  value: z.string().min(1).max(65_536).optional(),
})

/** Answer of `POST /v1/credentials/{system}/{name}/remove`. */
export const CredentialRemoved = z.object({ system: Name, name: CredentialName })

/** What a person consented to at a system that is called as its users. */
export const Connected = z
  .object({
    system: Name,
    /** Name of the person. */
    person: z.string(),
    connected_at: Time,
    refreshed_at: Time.nullable(),
    /** When the token ends; null: nobody said. */
    expires_at: Time.nullable(),
    /** True: a new token is had without the person. */
    refreshes: z.boolean(),
    scope: z.string().nullable(),
  })
  .meta({ id: 'UpstreamConsent' })

/** Answer of `GET /v1/upstream-consents`. */
export const ConnectedAnswer = z.object({
  consents: z.array(Connected),
  /** Systems that are called as their users, with where this person consents. */
  systems: z.array(z.object({ system: Name, url: z.string(), connected: z.boolean() })),
})

/** Body of `POST /v1/upstream-consents/{system}/disconnect`. */
export const Disconnect = z.strictObject({
  reason: Reason,
  /** Whose, by id; left out: one's own. */
  person: z.string().min(1).max(64).optional(),
})

/** Answer of `POST /v1/upstream-consents/{system}/disconnect`. */
export const Disconnected = z.object({
  system: Name,
  /** True where the system said that its tokens are worth nothing any more. */
  revoked: z.boolean(),
})

/** The keys that credentials are sealed under. */
export const CredentialKeys = z
  .object({
    /** Id of the key that seals. */
    current: z.string(),
    /** Ids of keys that only open, until nothing is sealed under them. */
    retired: z.array(z.string()),
  })
  .meta({ id: 'CredentialKeys' })

export type Credential = z.infer<typeof Credential>
export type Connected = z.infer<typeof Connected>
export type ConnectedAnswer = z.infer<typeof ConnectedAnswer>
