// Holds equipping with the user's own token: consented once by that user, refreshed here, and used for that user's calls alone.

import { digest } from '../../std/bytes.ts'
import type { OpenTokens } from '../../authority/upstream-tokens/upstream-tokens.ts'
import {
  bearerEquipment,
  clientOf,
  userOf,
  type EquipParts,
  type Equipped,
  type Equipping,
  type Personal,
} from './equipping.ts'
import { credentialFault, credentialFaultWith } from './faults.ts'
import { askToken, revokeToken, TokenRefused, type Client, type Granted } from './token-endpoint.ts'

/** How long before its end a token is refreshed (ms). */
const AHEAD_MS = 30_000

/** What a consent is for: with any of it changed, a token goes nowhere, and the user is asked again. */
export function termsOf({ system, transport, auth }: Personal): string {
  const { authorizationUrl, tokenUrl, clientId, scope = '', issuer = '', resource = '' } = auth
  return digest(
    JSON.stringify([
      system,
      transport.url,
      authorizationUrl,
      tokenUrl,
      clientId,
      scope,
      issuer,
      resource,
    ]),
  )
}

/** The token of the user of the call. */
export async function equipUser(of: Equipping<'user'>): Promise<Awaited<Equipped>> {
  const { system, transport, auth, who, parts, signal } = of
  const person = userOf(who, system)
  const personal = { system, transport, auth, ...(of.shared !== undefined && { open: of.shared }) }
  const token = await userToken(personal, person, parts, signal)
  return bearerEquipment(token.access, {
    account: `user:${person}:${token.consent}`,
    used: [`token:user:${person}@g${token.generation}`],
  })
}

/** The token of one person at one system, refreshed where it ends. Throws `credential.consent_needed`. */
export async function userToken(
  of: Personal,
  person: string,
  parts: EquipParts,
  signal: AbortSignal | undefined,
): Promise<Pick<OpenTokens, 'access' | 'consent' | 'generation'>> {
  const found = parts.tokens.find(of.system, person, termsOf(of))
  if (found === undefined) throw consentNeeded(of.system, parts)
  const { expiresAt } = found
  if (expiresAt === undefined || expiresAt - AHEAD_MS > parts.clock.now()) return found
  if (found.refresh === undefined) {
    if (expiresAt > parts.clock.now()) return found
    throw consentNeeded(of.system, parts)
  }
  const key = `refresh\n${of.system}\n${person}\n${found.generation}`
  const granted = await parts.cache.get(key, () => refreshed(of, person, found, parts), signal)
  // What was kept of the refresh is what the store has now; asked anew, so that a disconnection in between counts.
  const now = parts.tokens.find(of.system, person, termsOf(of))
  if (now === undefined || now.consent !== found.consent) throw consentNeeded(of.system, parts)
  return { ...now, access: granted.access }
}

function consentNeeded(system: string, { consentUrl }: Pick<EquipParts, 'consentUrl'>) {
  const url = consentUrl(system)
  return credentialFaultWith(
    'credential.consent_needed',
    `${system} is called as its user, who has not consented to that: ${url}`,
    `ask the user to open ${url} in their own browser and to consent there; then call again`,
  )
}

async function refreshed(
  of: Personal,
  person: string,
  { refresh = '', consent, scope }: OpenTokens,
  parts: EquipParts,
): Promise<Granted> {
  const { system, transport, auth } = of
  const client = await personalClient(of, parts)
  const reach = transport.reach
  const granted = await askToken(parts, {
    url: auth.tokenUrl,
    reach,
    client,
    form: { grant_type: 'refresh_token', refresh_token: refresh, resource: auth.resource },
  })
  if (granted instanceof TokenRefused) {
    if (granted.error !== 'invalid_grant') {
      const why = granted.error === '' ? '' : ` (${granted.error})`
      throw credentialFault(
        'credential.token_refused',
        `the token endpoint of ${system} refused${why}`,
      )
    }
    // RFC 6749 §5.2: the refresh token is over. Only the user can give another.
    const reason = 'the system refused to refresh it'
    await parts.tokens.disconnect({ system, person, consent }, { person, reason })
    throw consentNeeded(system, parts)
  }
  // RFC 6749 §6: without a new refresh token, the old one goes on; without a scope, it is the same.
  const kept = {
    ...granted,
    refresh: granted.refresh ?? refresh,
    ...scopeOf(granted.scope ?? scope),
  }
  if (await parts.tokens.refreshed({ system, person, consent }, kept)) return granted
  const { revocationUrl: url } = auth
  if (url !== undefined) {
    await revokeToken(parts, { url, reach, client, token: kept.refresh, hint: 'refresh_token' })
  }
  throw consentNeeded(system, parts)
}

function scopeOf(scope: string | undefined): { scope?: string } {
  return scope === undefined ? {} : { scope }
}

/** Who we are to a system that is called as its users; a public client has no secret, and PKCE protects it. */
export async function personalClient(
  { system, auth, open }: Pick<Personal, 'system' | 'auth' | 'open'>,
  parts: Pick<EquipParts, 'openShared' | 'svid'>,
): Promise<Client> {
  const opened = open ?? ((name: string) => parts.openShared(system, name))
  const secret = auth.secret === undefined ? undefined : await opened(auth.secret)
  return clientOf(parts, auth, secret, false)
}
