// Holds enforcers as the control API shows, registers and revokes them. History: v1.

import { z } from 'zod'
import { Name, Reason, Time } from './text.ts'

/** A program of others that asks for decisions about its systems and enforces them. */
export const Enforcer = z
  .object({
    name: Name,
    systems: z.array(z.string()),
    /** JWK SHA-256 thumbprint (RFC 7638) of its key. */
    key: z.string(),
    state: z.enum(['active', 'revoked']),
    created_at: Time,
    expires_at: Time,
  })
  .meta({ id: 'Enforcer' })

/** Answer of `GET /v1/enforcers`, by name: those that may ask. `audience` is what their assertions have to name. */
export const EnforcersAnswer = z.object({ enforcers: z.array(Enforcer), audience: z.string() })

/** Body of `POST /v1/enforcers`. */
export const NewEnforcer = z.strictObject({
  name: Name,
  /** PEM: P-256 or Ed25519. */
  public_key: z.string().min(1).max(8_192),
  systems: z.array(z.string().min(1).max(64)).min(1).max(64),
  expires_at: Time.optional(),
  reason: Reason,
})

export type Enforcer = z.infer<typeof Enforcer>
