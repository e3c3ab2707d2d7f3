// Holds how credentials and consents are shown: everything but what is secret.

import { rfc3339 } from '../../std/clock.ts'
import { dueAt } from '../../authority/secrets/concerns.ts'
import type { Connected, Credential } from '../../wire/api/credential.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

type Authority = ControlPorts['authority']
type Secret = ReturnType<Authority['secrets']['list']>[number]
type Consent = ReturnType<Authority['upstreamTokens']['list']>[number]

/** A credential. */
export function shownCredential(authority: Authority, secret: Secret): Credential {
  const { system, name, version = 1, reference, expiresAt, exposed, earlier = [] } = secret
  const use = authority.usage.get(system, name)
  const due = dueAt(secret)
  return {
    system,
    name,
    version,
    reference: reference ?? null,
    stored_at: rfc3339(secret.storedAt),
    stored_by: personName(authority, secret.person),
    due_at: due === undefined ? null : rfc3339(due),
    expires_at: expiresAt === undefined ? null : rfc3339(expiresAt),
    exposed: exposed?.reason ?? null,
    last_used_at: use === undefined || use.lastUsedAt === 0 ? null : rfc3339(use.lastUsedAt),
    used_by: (use?.usedBy ?? []).map(({ agent }) => agent),
    used_by_more: use?.more ?? 0,
    same_as: sameAs(authority, secret),
    earlier: earlier.map((one) => ({ version: one.version, stored_at: rfc3339(one.storedAt) })),
  }
}

/** Others with the same value, or the same place. */
function sameAs({ secrets }: Authority, { system, name, commitment, reference }: Secret): string[] {
  return secrets
    .list()
    .filter((other) => other.system !== system || other.name !== name)
    .filter((other) =>
      commitment === undefined
        ? reference !== undefined && other.reference === reference
        : other.commitment === commitment,
    )
    .map((other) => `${other.system}/${other.name}`)
}

/** What a person consented to. */
export function shownConsent(authority: Authority, consent: Consent): Connected {
  const { system, person, connectedAt, refreshedAt, expiresAt, refreshes, scope } = consent
  return {
    system,
    person: personName(authority, person),
    connected_at: rfc3339(connectedAt),
    refreshed_at: refreshedAt === undefined ? null : rfc3339(refreshedAt),
    expires_at: expiresAt === undefined ? null : rfc3339(expiresAt),
    refreshes,
    scope: scope ?? null,
  }
}
