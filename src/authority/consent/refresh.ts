// Holds the use of a refresh token (RFC 6749 §6): once, by its client, with its key, for no more than was granted.

import { isScopePattern, MAX_PATTERNS, scopeNarrows } from '../../wire/scope.ts'
import type { RefreshRow } from '../../store/rows/refresh.ts'
import type { ClientDocument } from './client-document.ts'
import type { Families, FamilyEnd } from './families.ts'
import { narrowedResources, refused, type Granted, type Refused, type TokenAsk } from './granted.ts'
import type { ConsentPorts } from './ports.ts'

/** What a refresh works with. */
export interface RefreshParts {
  readonly ports: ConsentPorts
  readonly families: Families
  /** The document of a client, for its keys as they are now. */
  readonly documentOf: (client: string) => Promise<ClientDocument>
  /** Ends everything of a consent. */
  readonly end: (id: string, end: FamilyEnd) => Promise<void>
}

/** Answers a refresh token. Nothing is used up by a request that could not have been answered. */
export async function refresh(
  parts: RefreshParts,
  ask: TokenAsk & { readonly refreshToken: string },
): Promise<Granted | Refused> {
  const { ports, families } = parts
  const found = families.find(ask.refreshToken)
  if (found.found === 'nothing') return unknown()
  // Whoever comes with it: only we can have made it, and it was given out once.
  if (found.found === 'used') return reused(parts, found.row, ask)
  const { row } = found
  const wrong = mismatch(row, ask)
  if (wrong !== undefined) return wrong
  if (row.confidential === true) ask.prove(await parts.documentOf(row.client))
  const scope = narrowedScope(row, ask.scope)
  if (scope === undefined)
    return refused('invalid_scope', 'the scope is wider than what was granted')
  const audience = narrowedResources(row.audience, ask.resources)
  if (audience === undefined) return refused('invalid_target', 'a resource was not granted')
  const binding = row.binding ?? ask.binding
  if (binding === undefined && ports.settings.unboundMs <= 0) {
    return refused('invalid_grant', 'tokens bound to no key are off by now')
  }
  const agent = ports.instances.live(row.instance)?.agent
  const stands = ports.registry.agentOf(agent ?? '')
  // A suspension is no end: the same refresh token is good once the agent is active again, if its time is not over.
  if (stands?.state !== 'active' || stands.clients?.includes(row.client) !== true) {
    return refused('invalid_grant', 'the agent of this client does not act now')
  }
  const who = { ...(agent !== undefined && { agent }), instance: row.instance }
  // The token first: what keeps it from being issued costs the client nothing. Of two who come at once one finds the refresh
  // token used, and what both got dies with the family.
  const token = await ports.tokens.issue({
    instance: row.instance,
    delegation: row.delegation ?? '',
    audience,
    scope,
    ...(binding !== undefined && { binding }),
    family: row.id,
    client: row.client,
    notAfter: row.expiresAt,
  })
  const next = await families.rotate(ask.refreshToken, who)
  if (next.found === 'used') return reused(parts, next.row, ask)
  if (next.found !== 'rotated') {
    await ports.tokens.revokeFamily(row.id, 'its consent ended meanwhile')
    return unknown()
  }
  return { token, refresh: next.text, scope }
}

/** Why the refresh token is not for who came with it. */
function mismatch(row: RefreshRow, ask: TokenAsk): Refused | undefined {
  if (ask.client !== row.client) {
    return refused('invalid_grant', 'the refresh token was given to another client')
  }
  const { binding } = row
  if (binding === undefined) return undefined
  // RFC 9449 §5: of a public client it is bound to the key that the client proved when it got the first.
  if (ask.binding?.kind === binding.kind && ask.binding.value === binding.value) return undefined
  return refused('invalid_grant', 'the refresh token is bound to another key')
}

/** RFC 6749 §6: no more than was granted; everything where nothing is said. */
function narrowedScope(row: RefreshRow, text: string | undefined): readonly string[] | undefined {
  const granted = row.scope ?? []
  const asked = [...new Set((text ?? '').split(' '))].filter(
    (one) => one !== '' && one !== 'offline_access',
  )
  if (asked.length === 0) return granted
  if (asked.length > MAX_PATTERNS || !asked.every(isScopePattern)) return undefined
  return scopeNarrows(granted, asked) ? asked : undefined
}

/** RFC 9700 §4.14.2: one of the two who used it stole it, and nobody knows which. Both lose it. */
async function reused(
  { ports, end }: RefreshParts,
  row: RefreshRow,
  ask: TokenAsk,
): Promise<Refused> {
  const agent = ports.instances.live(row.instance)?.agent ?? ''
  // Told first: that it ends may be kept from being recorded, and is not what makes it a theft.
  ports.observe({
    kind: 'refresh-reused',
    at: ports.clock.now(),
    instance: row.instance,
    agent,
    place: ask.place,
  })
  await end(row.id, { by: '', reason: 'a refresh token was used twice', reused: true })
  return unknown()
}

function unknown(): Refused {
  return refused('invalid_grant', 'the refresh token was used, has ended, or never was')
}
