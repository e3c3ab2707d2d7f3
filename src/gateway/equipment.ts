// Holds what one call goes out with: credentials of the system, for this call, which no agent ever sees (INV-3).

/** A request that is about to leave, for signing. */
export interface SignedRequest {
  readonly method: string
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  /** The whole body; absent: there is none, or it streams and is signed as unsigned payload where the scheme allows that. */
  readonly body?: Uint8Array
}

/** Credentials for one call. Whoever is given one writes it nowhere, and drops it with the call. */
export interface Equipment {
  /** Of a program: its environment. */
  readonly environment: Readonly<Record<string, string>>
  /** Of a request: headers that replace whatever has the same name. */
  readonly headers: Readonly<Record<string, string>>
  /** Of a request: parameters that are added to its query. */
  readonly query?: Readonly<Record<string, string>>
  /** A client certificate of our own, as PEM. */
  readonly tls?: { readonly cert: string; readonly key: string }
  /** Headers that depend on the request. */
  readonly sign?: (request: SignedRequest) => Promise<Readonly<Record<string, string>>>
  /** Every value in it that is secret: cut out of whatever comes back. */
  readonly secrets: readonly string[]
  /** Equal for calls that are one account to the system: what it remembers of one may be there for the other. */
  readonly account: string
  /** Ids of the credentials in it, for the outcome record; no secret. */
  readonly used: readonly string[]
  /** Gives back what was minted for this call alone. Never rejects. */
  readonly conclude?: () => Promise<void>
}

/** Equipment that holds nothing. */
export const NOTHING_EQUIPPED: Equipment = {
  environment: {},
  headers: {},
  secrets: [],
  account: '',
  used: [],
}
