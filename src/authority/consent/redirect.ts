// Holds redirect URIs: which can be used at all, and which one of a client's a request means (RFC 9700 §2.1, RFC 8252 §7.3).

/** Characters that a URI may have (RFC 3986 §2), without those that would end it in a header, an attribute or a list. */
const URI = /^[A-Za-z0-9\-._~:/?[\]@!$&()*+,;=%]{1,1024}$/

/**
 * An https URI with a host of plain letters, digits, dots and hyphens, or an IPv6 address: parsers let more through, and the host
 * stands in a header of ours, where a semicolon or a comma would end what it stands in.
 */
const HOST = /^https:\/\/(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?(?:[/?]|$)/

/** A URI on this machine: the port may differ from what was registered, nothing else may. */
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|\[::1\]|localhost)(?::([0-9]{1,5}))?((?:[/?].*)?)$/

/**
 * True for a URI that a browser may be sent to with a code: https with a host, or http on this machine (RFC 8252 §7.3; MCP
 * authorization, communication security). Everything else is refused, custom schemes and `javascript:` among it.
 */
export function isRedirectUri(text: string): boolean {
  if (!URI.test(text) || !URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  if (username !== '' || password !== '' || text.includes('@')) return false
  if (protocol === 'http:') return port(LOOPBACK.exec(text)?.[2] ?? '80') && LOOPBACK.test(text)
  return HOST.test(text)
}

/** The URI to answer at: the one asked for where it is exactly one of the registered, its port on loopback aside. */
export function matchRedirect(
  registered: readonly string[],
  asked: string | undefined,
): string | undefined {
  // RFC 6749 §3.1.2.3: it may be left out where there is only one.
  if (asked === undefined) return registered.length === 1 ? registered[0] : undefined
  if (!isRedirectUri(asked)) return undefined
  const bare = withoutPort(asked)
  const found = registered.some(
    (one) => one === asked || (bare !== undefined && withoutPort(one) === bare),
  )
  return found ? asked : undefined
}

/** The origin that forms have to be let go to for a redirect to be followed (CSP `form-action`, which Chromium applies to it). */
export function redirectOrigin(uri: string): string {
  const { origin } = new URL(uri)
  // A source expression cannot say an IPv6 address (CSP3 §2.3.1).
  return origin.startsWith('http://[') ? 'http:' : origin
}

/** True for an answer that goes to a program on this machine. */
export function isLoopbackRedirect(uri: string): boolean {
  return LOOPBACK.test(uri)
}

/** A URI with parameters added to its query (RFC 6749 §3.1.2: what is there is retained). */
export function withParameters(
  uri: string,
  parameters: Readonly<Record<string, string | undefined>>,
): string {
  const url = new URL(uri)
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined) url.searchParams.append(name, value)
  }
  return url.href
}

function withoutPort(uri: string): string | undefined {
  const found = LOOPBACK.exec(uri)
  return found === null ? undefined : `${found[1]} ${found[3]}`
}

function port(text: string): boolean {
  const value = Number(text)
  return value >= 1 && value <= 65_535
}
