// Holds how a system is shown who calls it: which of its credentials go where. Values are named here, and sealed elsewhere.

/** What is asked of a token endpoint (RFC 6749 §3.2). */
interface TokenTerms {
  readonly tokenUrl: string
  readonly clientId: string
  /** Of the client; absent: mutual TLS with our own SVID (RFC 8705 §2.1), and for a public client nothing. */
  readonly secret?: string
  readonly scope?: string
  /** RFC 8707. */
  readonly resource?: string
  /** RFC 7009, where what was minted can be given back. */
  readonly revocationUrl?: string
}

/** Tokens that are minted by us. */
interface Minted {
  /** True: one for each call, given back after it; else one is kept until shortly before it ends. */
  readonly perCall?: boolean
}

/** A value in a header, after a prefix. */
interface HeaderValue {
  readonly header: string
  readonly prefix?: string
  readonly secret: string
}

/**
 * How a request to a system is equipped. Every `secret` is the name of a sealed value of that system; nothing here is one itself.
 * History: v1; v2 `perCall`, `issuer`, `subject`, `audience` and `resource` everywhere, `more` headers, `query`.
 */
export type UpstreamAuth =
  | { readonly kind: 'none' }
  /** A static value in a header, after a prefix such as `Bearer `. */
  | ({
      readonly kind: 'header'
      /** Headers beside it, of other names. */
      readonly more?: readonly HeaderValue[]
    } & HeaderValue &
      Minted)
  /** A static value in the query of every URL, for systems that take it nowhere else. */
  | { readonly kind: 'query'; readonly parameter: string; readonly secret: string }
  /** RFC 7617. */
  | ({ readonly kind: 'basic'; readonly user: string; readonly secret: string } & Minted)
  /** RFC 6749 §4.4: a token of our own, for as long as it lives. */
  | ({ readonly kind: 'client_credentials'; readonly audience?: string } & TokenTerms & Minted)
  /** RFC 8693: a token for the user of the call, in exchange for what says who that is. */
  | ({
      readonly kind: 'token_exchange'
      readonly audience?: string
      /** Name of a system with `user` authentication whose token of that user is exchanged; absent: a short assertion of our own. */
      readonly subject?: string
    } & TokenTerms &
      Minted)
  /** Each user's own token, consented once in that user's own session and refreshed here (RFC 6749 §4.1, §6; RFC 7636). */
  | ({
      readonly kind: 'user'
      readonly authorizationUrl: string
      /** `iss` of its authorization responses (RFC 9207); absent: one that comes has to be of the origin of an endpoint. */
      readonly issuer?: string
    } & TokenTerms)
  /** Mutual TLS with our own X.509-SVID. */
  | { readonly kind: 'mtls' }
  /** AWS Signature Version 4. */
  | {
      readonly kind: 'sigv4'
      readonly region: string
      readonly service: string
      readonly accessKey: string
      readonly secret: string
      readonly sessionToken?: string
    }

/** Names of the sealed values that a way of authenticating needs. */
export function namesOf(auth: UpstreamAuth): readonly string[] {
  if (auth.kind === 'sigv4') {
    const { accessKey, secret, sessionToken } = auth
    return [accessKey, secret, ...(sessionToken === undefined ? [] : [sessionToken])]
  }
  if (auth.kind === 'header') return [auth, ...(auth.more ?? [])].map(({ secret }) => secret)
  return 'secret' in auth && auth.secret !== undefined ? [auth.secret] : []
}
