// Holds the routes of the authority's own keys: what they are, rotating them, and distrusting them at once.

import { X509Certificate } from 'node:crypto'
import { rfc3339 } from '../../std/clock.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import {
  AuthorityAnswer,
  RekeyAnswer,
  RekeyRequest,
  RotateAnswer,
  RotateRequest,
  type AuthorityRoot,
} from '../../wire/api/authority.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Roots that one answer shows, the newest. */
const SHOWN = 100

function shown(row: ReturnType<Roots['list']>[number]): AuthorityRoot {
  const certificate = new X509Certificate(row.certificate)
  return {
    fingerprint: row.fingerprint,
    key_id: row.keyId,
    state: row.state,
    place: row.place,
    since: rfc3339(row.since),
    not_before: rfc3339(certificate.validFromDate.getTime()),
    not_after: rfc3339(certificate.validToDate.getTime()),
    certificate: row.certificate,
  }
}

/** Tells every administrator. It is done and on record by then: what keeps it from being told is for the operator's own log. */
async function announce(
  ports: ControlPorts,
  act: 'rotate' | 'rekey' | 'tokens',
  word: { readonly person: string; readonly reason: string },
): Promise<void> {
  await ports.authority.governance
    .announce({ kind: 'keys', act }, word)
    .catch((error: unknown) => ports.failed(error, ''))
}

/** Serves the authority's keys. */
export function serveAuthority(surface: Surface, ports: ControlPorts): void {
  const { roots, identities } = ports
  surface.closed(
    'GET /v1/authority',
    {
      summary: 'The roots of the trust domain and the key that signs tokens',
      answer: AuthorityAnswer,
    },
    () => ({
      trust_domain: roots.trustDomain,
      active: roots.active.fingerprint,
      serving: roots.serving.fingerprint,
      token_key: roots.tokenKeyId,
      sequence: roots.sequence,
      roots: roots.list().slice(-SHOWN).toReversed().map(shown),
    }),
  )
  surface.closed(
    'POST /v1/authority/rotate',
    {
      summary: 'Publish another root, and sign with it once it is known',
      body: RotateRequest,
      answer: RotateAnswer,
    },
    async ({ body, person }) => {
      const { fingerprint, state, signsFrom } = await roots.rotate({ ...body, person: person.id })
      await announce(ports, 'rotate', { reason: body.reason, person: person.id })
      return { fingerprint, state, signs_from: rfc3339(signsFrom) }
    },
  )
  surface.closed(
    'POST /v1/authority/rekey',
    {
      summary: 'Distrust compromised keys at once, and begin anew with another',
      body: RekeyRequest,
      answer: RekeyAnswer,
    },
    async ({ body: { compromised, reason }, person }) => {
      const cause = { reason, person: person.id }
      const before = identities.list().length
      if (compromised === 'tokens') {
        const { keyId } = await roots.replaceTokenKey(cause)
        await announce(ports, 'tokens', cause)
        return { compromised, fresh: keyId, distrusted: 1, instances_ended: 0 }
      }
      const { fingerprint, distrusted } = await roots.rekey(cause)
      const ended = Math.max(0, before - identities.list().length)
      await announce(ports, 'rekey', cause)
      return { compromised, fresh: fingerprint, distrusted, instances_ended: ended }
    },
  )
}
