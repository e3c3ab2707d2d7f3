// Holds how a system is shown who calls it: which of its credentials go where. Values are named here, and sealed elsewhere.

/**
 * How a request to a system is equipped. Every `secret` is the name of a sealed value of that system; nothing here is one itself.
 * History: v1.
 */
export type UpstreamAuth =
  | { readonly kind: 'none' }
  /** A static value in a header, after a prefix such as `Bearer `. */
  | {
      readonly kind: 'header'
      readonly header: string
      readonly prefix?: string
      readonly secret: string
    }
  /** RFC 7617. */
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string }
  /** RFC 6749 §4.4: a token of our own, for as long as it lives. */
  | {
      readonly kind: 'client_credentials'
      readonly tokenUrl: string
      readonly clientId: string
      /** Absent: mutual TLS with our own SVID (RFC 8705). */
      readonly secret?: string
      readonly scope?: string
      /** RFC 8707. */
      readonly resource?: string
      /** RFC 7009, where what was minted can be given back. */
      readonly revocationUrl?: string
    }
  /** RFC 8693: a token for the user of the call, in exchange for what says who that is. */
  | {
      readonly kind: 'token_exchange'
      readonly tokenUrl: string
      readonly clientId: string
      readonly secret?: string
      readonly scope?: string
      readonly audience?: string
      readonly revocationUrl?: string
    }
  /** Each user's own token, consented once in that user's own session and refreshed here (RFC 6749 §4.1, §6; RFC 7636). */
  | {
      readonly kind: 'user'
      readonly authorizationUrl: string
      readonly tokenUrl: string
      readonly clientId: string
      readonly secret?: string
      readonly scope?: string
      readonly revocationUrl?: string
    }
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
