// Holds our side of OpenID Connect at one identity provider: code flow with PKCE, everything checked by the library.

import type * as OpenId from 'openid-client'
import type { LoginSource } from '../../authority/sessions/login-sources.ts'
import { boundedFetch } from './bounded-fetch.ts'

/** Seconds that a provider has for one answer. */
const PATIENCE_S = 10
/** Groups that are looked at. */
const MOST_GROUPS = 2_000

/** What a login has to be answered with; kept here, never at the browser. */
export interface Expected {
  readonly state: string
  readonly nonce: string
  readonly verifier: string
}

/** Somebody as the provider knows them. */
export interface Subject {
  readonly subject: string
  /** What they may be called. A hint: nobody is found by it. */
  readonly name: string
  readonly groups: readonly string[]
}

/** One provider, discovered. The library is loaded when the first is used. */
export class Provider {
  readonly #library: typeof OpenId
  readonly #config: OpenId.Configuration
  readonly #source: LoginSource
  readonly #redirectUri: string

  private constructor(
    library: typeof OpenId,
    config: OpenId.Configuration,
    source: LoginSource,
    redirectUri: string,
  ) {
    this.#library = library
    this.#config = config
    this.#source = source
    this.#redirectUri = redirectUri
  }

  /** Discovers a provider at its issuer, which is the one that an administrator configured; the document has to name it, too. */
  static async discover(
    source: LoginSource,
    secret: string | undefined,
    redirectUri: string,
  ): Promise<Provider> {
    const library = await import('openid-client')
    const issuer = new URL(source.issuer)
    const config = await library.discovery(
      issuer,
      source.audience,
      undefined,
      secret === undefined ? library.None() : library.ClientSecretBasic(secret),
      {
        timeout: PATIENCE_S,
        [library.customFetch]: boundedFetch,
        execute: [
          // The signature as well, not only the channel on which the token came.
          library.enableNonRepudiationChecks,
          ...(isLoopback(issuer) ? [library.allowInsecureRequests] : []),
        ],
      },
    )
    return new Provider(library, config, source, redirectUri)
  }

  /** Where the browser goes, and what its answer has to fit. */
  async begin(): Promise<{ readonly url: URL; readonly expected: Expected }> {
    const library = this.#library
    const expected = {
      state: library.randomState(),
      nonce: library.randomNonce(),
      verifier: library.randomPKCECodeVerifier(),
    }
    const { scopes_supported: scopes = [] } = this.#config.serverMetadata()
    const wanted = [
      'openid',
      'profile',
      ...['email', 'groups'].filter((one) => scopes.includes(one)),
    ]
    const url = library.buildAuthorizationUrl(this.#config, {
      redirect_uri: this.#redirectUri,
      scope: wanted.join(' '),
      state: expected.state,
      nonce: expected.nonce,
      code_challenge: await library.calculatePKCECodeChallenge(expected.verifier),
      code_challenge_method: 'S256',
    })
    return { url, expected }
  }

  /** Redeems the code that the browser came back with. `query` is what stands after the `?`, as it came. */
  async finish(query: string, expected: Expected): Promise<Subject> {
    const tokens = await this.#library.authorizationCodeGrant(
      this.#config,
      new URL(`${this.#redirectUri}?${query}`),
      {
        pkceCodeVerifier: expected.verifier,
        expectedState: expected.state,
        expectedNonce: expected.nonce,
        idTokenExpected: true,
      },
    )
    const claims = tokens.claims()
    if (claims === undefined) throw new Error('no ID token')
    const told = await this.#told(claims, tokens.access_token)
    return {
      subject: claims.sub,
      name: textOf(told['preferred_username']) ?? textOf(told['email'])?.split('@')[0] ?? '',
      groups: groupsOf(told[this.#source.groupsClaim ?? 'groups']),
    }
  }

  /** The claims of the ID token, with those that only the userinfo endpoint tells: groups often do not fit into a token. */
  async #told(
    claims: Readonly<Record<string, unknown>> & { readonly sub: string },
    accessToken: string,
  ): Promise<Readonly<Record<string, unknown>>> {
    const claim = this.#source.groupsClaim ?? 'groups'
    if (claims[claim] !== undefined) return claims
    if (this.#config.serverMetadata().userinfo_endpoint === undefined) return claims
    const more = await this.#library.fetchUserInfo(this.#config, accessToken, claims.sub)
    return { ...more, ...claims }
  }
}

/** A provider on this very machine may be without TLS: nothing between it and us can listen. */
function isLoopback({ protocol, hostname }: URL): boolean {
  return protocol === 'http:' && (hostname === '127.0.0.1' || hostname === '[::1]')
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

function groupsOf(value: unknown): readonly string[] {
  const list: readonly unknown[] = Array.isArray(value) ? value.slice(0, MOST_GROUPS) : [value]
  return list.filter((group) => typeof group === 'string')
}
