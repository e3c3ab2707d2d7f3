// Holds what the record says of changes of who governs, and what is kept of them once they are over: ids, roles and digests, no names of people.

import { base64url, fromBase64url, sha256 } from '../../std/bytes.ts'
import type { JsonObject } from '../../std/json.ts'
import type { Governed } from '../../store/rows/governance.ts'

/** What the record says of a change. */
export function saidOf(what: Governed): JsonObject {
  const { kind } = what
  switch (what.kind) {
    case 'person-create':
      return { kind, subject: what.person, roles: [...what.roles], key: keyId(what.publicKey) }
    case 'person-roles':
      return { kind, subject: what.person, roles: [...what.roles], before: [...what.before] }
    case 'person-leave':
      return { kind, subject: what.person }
    case 'person-key':
      return { kind, subject: what.person, key: keyId(what.publicKey) }
    case 'person-key-remove':
      return { kind, subject: what.person, key: what.key }
    case 'team-create':
      return { kind, team: what.team, members: [...what.members] }
    case 'team-change':
      return { kind, team: what.team, members: [...what.members], before: [...what.before] }
    case 'trust-add': {
      const { name, kind: of, issuer, audience } = what.source
      return { kind, source: name, of, issuer, audience }
    }
    case 'trust-remove':
      return { kind, source: what.name }
    case 'keys':
      return { kind, act: what.act }
    case 'gateway': {
      const { act, gateway, systems } = what
      return { kind, act, gateway, systems: systems === null ? null : [...systems] }
    }
    case 'rule':
      return { kind, changes: what.changes, policies: what.policies }
  }
}

/** What is kept of a change that is over. */
export function forgotten(what: Governed): Governed {
  if (what.kind === 'person-create') return { ...what, name: '' }
  if (what.kind !== 'trust-add') return what
  const { sealedSecret: _sealed, ...source } = what.source
  return { kind: what.kind, source }
}

/** The id of a key: SHA-256 of its SubjectPublicKeyInfo, base64url. */
function keyId(publicKey: string): string {
  return base64url(sha256(fromBase64url(publicKey) ?? new Uint8Array()))
}
