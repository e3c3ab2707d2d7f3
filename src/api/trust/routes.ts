// Holds the routes of trust sources: whose word counts here besides our own.

import { X509Certificate } from 'node:crypto'
import { z } from 'zod'
import { hex, sha256 } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { readPem } from '../../std/pem.ts'
import { BecauseRequest, Name } from '../../wire/api/text.ts'
import { NewTrustSource, TrustAnswer, TrustSource as SourceAnswer } from '../../wire/api/trust.ts'
import type { TrustSources } from '../../authority/trust/trust-sources.ts'
import { trustFault } from '../../authority/trust/faults.ts'
import { governed } from '../governance/governed.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type TrustSource = ReturnType<TrustSources['list']>[number]

/** Serves trust sources. */
export function serveTrust(surface: Surface, ports: ControlPorts): void {
  const { trust } = ports.authority
  surface.closed(
    'GET /v1/trust',
    { summary: 'Trust sources, by name', answer: TrustAnswer },
    () => ({ sources: trust.list().map(shown) }),
  )
  surface.closed(
    'POST /v1/trust',
    {
      summary: 'Trust an issuer or certificate authority of others',
      body: NewTrustSource,
      answer: SourceAnswer,
      governed: true,
    },
    ({ body, person }) => {
      const wish = { kind: 'trust-add', source: said(body) } as const
      const by = { person: person.id, reason: body.reason }
      return governed(ports, wish, by, () => shownOf(trust, body.name))
    },
  )
  surface.closed(
    'POST /v1/trust/{name}/remove',
    {
      summary: 'Trust a source no more, and end the instances that it vouched for, at once',
      params: z.strictObject({ name: Name }),
      body: BecauseRequest,
      answer: SourceAnswer,
      governed: true,
    },
    ({ params: { name }, body: { reason }, person }) => {
      const before = trust.get(name)
      const wish = { kind: 'trust-remove', name } as const
      return governed(ports, wish, { person: person.id, reason }, () =>
        shownOf(trust, name, before),
      )
    },
  )
}

/** A source that is trusted now, or that was. */
function shownOf(trust: TrustSources, name: string, before?: TrustSource): SourceAnswer {
  const source = trust.get(name) ?? before
  if (source === undefined) throw trustFault('trust.unknown', 'there is no such trust source')
  return shown(source)
}

function shown(source: TrustSource): SourceAnswer {
  const { name, kind, issuer, audience, certificates } = source
  return {
    name,
    kind,
    issuer: issuer === '' ? null : issuer,
    audience: audience === '' ? null : audience,
    authorities: readPem('CERTIFICATE', certificates ?? '').map((der) =>
      hex(sha256(new X509Certificate(der).raw)),
    ),
    certificates: certificates ?? null,
    login: source.login ?? null,
    group_roles: Object.fromEntries(
      Object.entries(source.groupRoles ?? {}).map(([group, roles]) => [group, [...roles]]),
    ),
    groups_claim: source.groupsClaim ?? null,
    groups_max_age_s:
      source.groupsMaxAgeMs === undefined ? null : Math.floor(source.groupsMaxAgeMs / 1000),
    has_secret: source.sealedSecret !== undefined,
    created_at: rfc3339(source.createdAt),
  }
}

function said(body: z.output<typeof NewTrustSource>): Parameters<TrustSources['add']>[0] {
  if (body.kind === 'attest-x509') {
    return { kind: body.kind, name: body.name, certificates: body.certificates }
  }
  const { kind, name, issuer } = body
  if (kind === 'signals') {
    const { audience, certificates, login } = body
    return {
      kind,
      name,
      issuer,
      audience,
      login,
      ...(certificates !== undefined && { certificates }),
    }
  }
  if (kind === 'attest-oidc') {
    const { audience, certificates } = body
    return { kind, name, issuer, audience, ...(certificates !== undefined && { certificates }) }
  }
  const { client_secret: secret, groups_claim: claim, groups_max_age_s: seconds } = body
  return {
    kind,
    name,
    issuer,
    audience: body.client_id,
    groupRoles: body.group_roles,
    ...(secret !== undefined && { clientSecret: secret }),
    ...(claim !== undefined && { groupsClaim: claim }),
    ...(seconds !== undefined && { groupsMaxAgeMs: seconds * 1000 }),
  }
}
