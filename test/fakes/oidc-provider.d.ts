// Holds the few types of `oidc-provider` that our tests use: the package brings none of its own.

declare module 'oidc-provider' {
  import type { IncomingMessage, ServerResponse } from 'node:http'

  interface Grant {
    addOIDCScope(scope: string): void
    save(): Promise<string>
  }

  interface KoaContext {
    readonly oidc: {
      readonly client?: { readonly clientId: string }
      readonly session?: { readonly accountId?: string }
      readonly provider: Provider
    }
  }

  export interface Configuration {
    readonly clients: readonly Record<string, unknown>[]
    readonly cookies?: { readonly keys: readonly string[] }
    readonly claims?: Readonly<Record<string, readonly string[]>>
    readonly features?: Readonly<Record<string, Readonly<Record<string, unknown>>>>
    readonly pkce?: { readonly required: () => boolean }
    readonly jwks?: { readonly keys: readonly object[] }
    readonly interactions?: {
      readonly url: (context: KoaContext, interaction: { readonly uid: string }) => string
    }
    readonly findAccount?: (
      context: KoaContext,
      sub: string,
    ) => { readonly accountId: string; readonly claims: () => Record<string, unknown> }
    readonly loadExistingGrant?: (context: KoaContext) => Promise<Grant>
    readonly [other: string]: unknown
  }

  export class Provider {
    constructor(issuer: string, configuration: Configuration)
    readonly Grant: new (of: { readonly clientId?: string; readonly accountId?: string }) => Grant
    callback(): (request: IncomingMessage, response: ServerResponse) => Promise<void>
    interactionFinished(
      request: IncomingMessage,
      response: ServerResponse,
      result: Readonly<Record<string, unknown>>,
    ): Promise<void>
  }
}
