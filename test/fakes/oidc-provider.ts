// Holds the identity provider library with the few types that our tests use: it brings none of its own.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { createRequire } from 'node:module'

interface Grant {
  addOIDCScope(scope: string): void
  save(): Promise<string>
}

interface Context {
  readonly oidc: {
    readonly client?: { readonly clientId: string }
    readonly session?: { readonly accountId?: string }
    readonly provider: OidcProvider
  }
}

/** Its configuration, as far as we use it. */
export interface Configuration {
  readonly clients: readonly Record<string, unknown>[]
  readonly cookies?: { readonly keys: readonly string[] }
  readonly claims?: Readonly<Record<string, readonly string[]>>
  readonly features?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly pkce?: { readonly required: () => boolean }
  readonly interactions?: {
    readonly url: (context: Context, interaction: { readonly uid: string }) => string
  }
  readonly findAccount?: (
    context: Context,
    sub: string,
  ) => { readonly accountId: string; readonly claims: () => Record<string, unknown> }
  readonly loadExistingGrant?: (context: Context) => Promise<Grant>
}

/** One identity provider. */
interface OidcProvider {
  readonly Grant: new (of: { readonly clientId?: string; readonly accountId?: string }) => Grant
  callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
  interactionFinished(
    request: IncomingMessage,
    response: ServerResponse,
    result: Readonly<Record<string, unknown>>,
  ): Promise<void>
}

const require = createRequire(import.meta.url)

export const { Provider } = require('oidc-provider') as {
  readonly Provider: new (issuer: string, configuration: Configuration) => OidcProvider
}
