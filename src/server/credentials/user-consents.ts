// Holds how a person connects to a system that is called as each user alone: authorization code with PKCE, in their own session.

import { base64url, sha256 } from '../../std/bytes.ts'
import type { Entropy } from '../../std/entropy.ts'
import { Pending } from '../../authority/sessions/pending.ts'
import type { UpstreamTokenStore } from '../../authority/upstream-tokens/upstream-tokens.ts'
import type { EquipParts, Personal } from './equipping.ts'
import { credentialFault } from './faults.ts'
import { askToken, revokeToken, TokenRefused } from './token-endpoint.ts'
import { personalClient, termsOf } from './user.ts'

/** How long a person has at the provider (ms). */
const LIFE_MS = 600_000
/** Consents under way of everybody at once. */
const MOST = 1_000

/** Who is at the browser. */
export interface AtBrowser {
  readonly system: string
  /** Person id. */
  readonly person: string
  /** Id of that person's session. */
  readonly session: string
}

/** A consent under way; the state itself is never kept. */
interface Begun extends AtBrowser {
  readonly verifier: string
  readonly terms: string
}

/** What consents need. */
export interface UserConsentPorts {
  readonly parts: EquipParts
  readonly tokens: Pick<UpstreamTokenStore, 'connect' | 'disconnect' | 'list' | 'revoked'>
  readonly entropy: Entropy
  /** Where a provider sends the browser back to: one address for each system (RFC 9700 §4.4.2.2). */
  readonly redirectUri: (system: string) => string
}

/** Codes of RFC 6749 §4.1.2.1 that are repeated; nothing else that a provider says is. */
const KNOWN_ERRORS: ReadonlySet<string> = new Set([
  'access_denied',
  'invalid_request',
  'unauthorized_client',
  'unsupported_response_type',
  'invalid_scope',
  'server_error',
  'temporarily_unavailable',
])

/** The consents. What is begun lives in memory alone: after a restart it is begun again. */
export class UserConsents {
  readonly #ports: UserConsentPorts
  readonly #begun: Pending<Begun>

  constructor(ports: UserConsentPorts) {
    this.#ports = ports
    this.#begun = new Pending(ports.parts.clock, { most: MOST, lifeMs: LIFE_MS })
  }

  /** What a person is asked to consent to. Throws `credential.not_personal`. */
  offer(
    system: string,
    person: string,
  ): {
    readonly host: string
    readonly provider: string
    readonly scope: string
  } {
    const { transport, auth } = this.#personal(system, person)
    return {
      host: new URL(transport.url).host,
      provider: new URL(auth.authorizationUrl).origin,
      scope: auth.scope ?? '',
    }
  }

  /** Begins a consent. Answers the provider's page (RFC 6749 §4.1.1, RFC 7636 §4.3). */
  begin(of: AtBrowser): string {
    const personal = this.#personal(of.system, of.person)
    const { auth } = personal
    const state = base64url(this.#ports.entropy.bytes(32))
    const verifier = base64url(this.#ports.entropy.bytes(32))
    this.#begun.put(keyOf(state), { ...of, verifier, terms: termsOf(personal) })
    const url = new URL(auth.authorizationUrl)
    const asked = {
      response_type: 'code',
      client_id: auth.clientId,
      redirect_uri: this.#ports.redirectUri(of.system),
      scope: auth.scope,
      resource: auth.resource,
      state,
      code_challenge: base64url(sha256(verifier)),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(asked)) {
      if (value !== undefined) url.searchParams.set(name, value)
    }
    return url.href
  }

  /**
   * Takes the answer that the browser came back with: only in the session that began it, of that person, for that system, once, and
   * from that provider (RFC 9207 §2.4). Rejects with `credential.consent_failed`, `credential.token_*`, `net.*`.
   */
  async finish(of: AtBrowser, query: URLSearchParams): Promise<void> {
    const begun = this.#begun.take(keyOf(only(query, 'state') ?? ''))
    const same =
      begun?.session === of.session && begun.person === of.person && begun.system === of.system
    if (begun === undefined || !same) {
      throw failed('this answer belongs to nothing that was begun in this browser')
    }
    const personal = this.#personal(of.system, of.person)
    if (begun.terms !== termsOf(personal)) {
      throw failed('the system was changed since this was begun')
    }
    checkIssuer(personal, only(query, 'iss'), query.has('iss'))
    const error = only(query, 'error')
    if (error !== undefined) {
      throw failed(`the provider did not agree${KNOWN_ERRORS.has(error) ? ` (${error})` : ''}`)
    }
    const code = only(query, 'code')
    if (code === undefined || !/^[\x20-\x7e]{1,2048}$/.test(code)) {
      throw failed('the provider answered without a code')
    }
    await this.#redeem(personal, begun, code)
  }

  /** Takes a consent back, here and at the provider (RFC 7009). True where the provider said that it did so, too. */
  async disconnect(
    of: Pick<AtBrowser, 'system' | 'person'>,
    by: { readonly person: string; readonly reason: string },
  ): Promise<{ readonly revoked: boolean }> {
    const { parts, tokens } = this.#ports
    const { access, refresh } = await tokens.disconnect(of, by)
    const personal = parts.personalOf(of.system, of.person)
    const url = personal?.auth.revocationUrl
    if (personal === undefined || url === undefined) return { revoked: false }
    const client = await personalClient(personal, parts)
    const at = { url, reach: personal.transport.reach, client }
    // RFC 7009 §2.1: with a refresh token, what was granted by it goes as well; not every server does that.
    const all = await Promise.all([
      ...(refresh === undefined
        ? []
        : [revokeToken(parts, { ...at, token: refresh, hint: 'refresh_token' })]),
      revokeToken(parts, { ...at, token: access, hint: 'access_token' }),
    ])
    return { revoked: all.every(Boolean) }
  }

  /**
   * Takes the access token of a consent back at its provider for a lock, and uses it no more. True where the provider said yes, false where
   * it did not, undefined where it takes nothing back.
   */
  async revokeAccess(
    { system, person }: Pick<AtBrowser, 'system' | 'person'>,
    lock: string,
  ): Promise<boolean | undefined> {
    const { parts, tokens } = this.#ports
    const personal = parts.personalOf(system, person)
    const found = personal && parts.tokens.find(system, person, termsOf(personal))
    const url = personal?.auth.revocationUrl
    if (personal === undefined || found === undefined || url === undefined) return undefined
    const client = await personalClient(personal, parts)
    const at = { url, reach: personal.transport.reach, client }
    const done = await revokeToken(parts, { ...at, token: found.access, hint: 'access_token' })
    if (done) await tokens.revoked({ system, person, consent: found.consent }, lock)
    return done
  }

  /** Takes back everything that people consented to who have left; `left` says who. Rejects with the first failure, after all of it. */
  async leave(left: (person: string) => boolean): Promise<void> {
    const gone = this.#ports.tokens.list().filter(({ person }) => left(person))
    const ended = await Promise.allSettled(
      gone.map(({ system, person }) =>
        this.disconnect({ system, person }, { person, reason: 'the person has left' }),
      ),
    )
    const failed = ended.find((one) => one.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  async #redeem(personal: Personal, begun: Begun, code: string): Promise<void> {
    const { parts, tokens, redirectUri } = this.#ports
    const { system, transport, auth } = personal
    const granted = await askToken(parts, {
      url: auth.tokenUrl,
      reach: transport.reach,
      client: await personalClient(personal, parts),
      form: {
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri(system),
        code_verifier: begun.verifier,
        resource: auth.resource,
      },
    })
    if (granted instanceof TokenRefused) {
      throw failed(
        `the provider refused the code${granted.error === '' ? '' : ` (${granted.error})`}`,
      )
    }
    await tokens.connect({ system, person: begun.person, terms: begun.terms }, granted)
  }

  #personal(system: string, person: string): Personal {
    const found = this.#ports.parts.personalOf(system, person)
    if (found !== undefined) return found
    throw credentialFault(
      'credential.not_personal',
      'people do not connect to this system themselves',
    )
  }
}

/**
 * RFC 9207 §2.4: the answer names who gives it, and that is the provider that was asked. Where no issuer is configured, one that is
 * named has to be of the origin of an endpoint that is.
 */
function checkIssuer({ auth }: Personal, issuer: string | undefined, named: boolean): void {
  const { authorizationUrl, tokenUrl } = auth
  if (auth.issuer !== undefined) {
    if (issuer !== auth.issuer) throw failed('the answer is of another provider than the one asked')
    return
  }
  if (!named) return
  const origins = [authorizationUrl, tokenUrl].map((url) => new URL(url).origin)
  const origin = issuer !== undefined && URL.canParse(issuer) ? new URL(issuer).origin : ''
  if (!origins.includes(origin))
    throw failed('the answer is of another provider than the one asked')
}

/** A parameter that stands exactly once (RFC 6749 §3.1). */
function only(query: URLSearchParams, name: string): string | undefined {
  const values = query.getAll(name)
  return values.length === 1 ? values[0] : undefined
}

function failed(detail: string) {
  return credentialFault('credential.consent_failed', detail)
}

function keyOf(state: string): string {
  return base64url(sha256(state))
}
