// Holds the authority's keys as the control API shows them: roots, the bundle, and what rotating and rekeying answer. History: v1.

import { z } from 'zod'
import { Reason, Time } from './text.ts'

/** SHA-256 of a root's DER, base64url, as join tokens carry it. */
const Fingerprint = z.string().meta({ description: 'SHA-256 of the DER, base64url' })

/** A root certificate of the trust domain. */
export const AuthorityRoot = z
  .object({
    fingerprint: Fingerprint,
    key_id: z.string(),
    /** `prepared` is published and signs nothing yet; `active` signs; `retired` is trusted until its leaves have ended; the others are over. */
    state: z.enum(['prepared', 'active', 'retired', 'ended', 'distrusted']),
    /** Place in the order of roots, from 1. */
    place: z.number().int(),
    /** When it came into this state. */
    since: Time,
    not_before: Time,
    not_after: Time,
    certificate: z.string().meta({ description: 'PEM' }),
  })
  .meta({ id: 'AuthorityRoot' })

/** Answer of `GET /v1/authority`. */
export const AuthorityAnswer = z
  .object({
    trust_domain: z.string(),
    /** Fingerprint of the root that signs. */
    active: Fingerprint,
    /** Fingerprint of the root that our listeners show and new join tokens pin. */
    serving: Fingerprint,
    /** Id of the key that signs tokens. */
    token_key: z.string(),
    /** `spiffe_sequence` of the bundle. */
    sequence: z.number().int(),
    /** Newest first; at most a hundred. */
    roots: z.array(AuthorityRoot),
  })
  .meta({ id: 'Authority' })

/** Body of `POST /v1/authority/rotate`. */
export const RotateRequest = z.strictObject({
  reason: Reason,
  /** Sign with the new root at once, without giving anybody time to learn of it. */
  now: z.boolean().default(false),
})

/** Answer of `POST /v1/authority/rotate`. */
export const RotateAnswer = z
  .object({ fingerprint: Fingerprint, state: z.enum(['prepared', 'active']), signs_from: Time })
  .meta({ id: 'AuthorityRotation' })

/** Body of `POST /v1/authority/rekey`. */
export const RekeyRequest = z.strictObject({
  reason: Reason,
  /** What somebody else may have: the keys of the roots, or the key that signs tokens. */
  compromised: z.enum(['roots', 'tokens']),
})

/** Answer of `POST /v1/authority/rekey`. */
export const RekeyAnswer = z
  .object({
    compromised: z.enum(['roots', 'tokens']),
    /** Fingerprint of the root, or id of the token key, that is in force from now on. */
    fresh: z.string(),
    /** How many keys are trusted no longer. */
    distrusted: z.number().int(),
    /** How many instances were ended at once. */
    instances_ended: z.number().int(),
  })
  .meta({ id: 'AuthorityRekey' })

export type AuthorityRoot = z.infer<typeof AuthorityRoot>
export type AuthorityAnswer = z.infer<typeof AuthorityAnswer>
