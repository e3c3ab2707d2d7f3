// Holds trust sources as the control API shows, adds and removes them. History: v1; `signals` added.

import { z } from 'zod'
import { Name, Reason, Time } from './text.ts'

const Issuer = z.string().min(1).max(512)
const Audience = z.string().min(1).max(512)
/** PEM; at most 16 certificates. */
const Certificates = z.string().min(1).max(65_536)
const Groups = z.record(z.string().min(1).max(256), z.array(Name).max(16))

/** An issuer or certificate authority of others whose word counts here. */
export const TrustSource = z
  .object({
    name: Name,
    kind: z.enum(['attest-oidc', 'attest-x509', 'login', 'signals']),
    /** Null for a certificate authority. */
    issuer: z.string().nullable(),
    /** Audience of workload tokens; our client id, of a source of logins. */
    audience: z.string().nullable(),
    /** SHA-256 of each certificate of authorities, hex. */
    authorities: z.array(z.string()),
    /** The same certificates, PEM; null: none. */
    certificates: z.string().nullable(),
    /** Of signals: the source of logins whose people they are about. */
    login: z.string().nullable(),
    /** Group → roles; of a source of logins. */
    group_roles: z.record(z.string(), z.array(z.string())),
    groups_claim: z.string().nullable(),
    groups_max_age_s: z.number().int().nullable(),
    /** True where a client secret is kept, sealed. */
    has_secret: z.boolean(),
    created_at: Time,
  })
  .meta({ id: 'TrustSource' })

/** Answer of `GET /v1/trust`, by name. */
export const TrustAnswer = z.object({ sources: z.array(TrustSource) })

/** Body of `POST /v1/trust`. */
export const NewTrustSource = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('attest-oidc'),
    name: Name,
    issuer: Issuer,
    audience: Audience,
    certificates: Certificates.optional(),
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('signals'),
    name: Name,
    issuer: Issuer,
    audience: Audience,
    login: Name,
    certificates: Certificates.optional(),
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('attest-x509'),
    name: Name,
    certificates: Certificates,
    reason: Reason,
  }),
  z.strictObject({
    kind: z.literal('login'),
    name: Name,
    issuer: Issuer,
    client_id: Audience,
    client_secret: z.string().min(1).max(1024).optional(),
    group_roles: Groups.default({}),
    groups_claim: z.string().min(1).max(256).optional(),
    groups_max_age_s: z.number().int().min(60).max(2_592_000).optional(),
    reason: Reason,
  }),
])

export type TrustSource = z.infer<typeof TrustSource>
export type TrustAnswer = z.infer<typeof TrustAnswer>
export type NewTrustSource = z.output<typeof NewTrustSource>
