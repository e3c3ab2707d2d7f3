// Holds the cookie of a session: its name, its attributes, and reading it from a request (RFC 6265bis).

/**
 * `__Host-Http-`: the browser takes it only with Secure, without Domain, for Path=/, from a response and never from a script.
 * `http://bailiwick.localhost` is a potentially trustworthy origin, where Secure cookies are kept; browsers that do not know the
 * second half of the prefix enforce `__Host-`.
 */
export const SESSION_COOKIE = '__Host-Http-bailiwick'

const SECRET = /^[A-Za-z0-9_-]{43}$/
const ATTRIBUTES = 'Path=/; Secure; HttpOnly'

/** `Set-Cookie` that begins a session in the browser. It ends with the browser, or with the session if that is earlier. */
export function sessionCookie(secret: string): string {
  return `${SESSION_COOKIE}=${secret}; ${ATTRIBUTES}; SameSite=Strict`
}

/** `Set-Cookie` that ends it. */
export function noSessionCookie(): string {
  return `${SESSION_COOKIE}=; ${ATTRIBUTES}; SameSite=Strict; Max-Age=0`
}

/** The session's secret in a request; undefined where there is none, or more than one: nobody says then which one counts. */
export function sessionSecret(request: Request): string | undefined {
  return cookieOf(request, SESSION_COOKIE)
}

/**
 * Cookie of a login at an identity provider that is under way. Lax, since the answer comes as a navigation from elsewhere;
 * it opens nothing by itself.
 */
const LOGIN_COOKIE = '__Host-Http-bailiwick-login'

/** `Set-Cookie` of a login under way; `seconds` 0 takes it away. */
export function loginCookie(secret: string, seconds: number): string {
  return `${LOGIN_COOKIE}=${secret}; ${ATTRIBUTES}; SameSite=Lax; Max-Age=${seconds}`
}

/** The secret of a login under way. */
export function loginSecret(request: Request): string | undefined {
  return cookieOf(request, LOGIN_COOKIE)
}

/** Exactly one cookie of a name, whose value is 256 bits in base64url. */
function cookieOf(request: Request, name: string): string | undefined {
  const header = request.headers.get('cookie')
  if (header === null || header.length > 8_192) return undefined
  const values = header.split(';').flatMap((pair) => {
    const equals = pair.indexOf('=')
    return equals > 0 && pair.slice(0, equals).trim() === name
      ? [pair.slice(equals + 1).trim()]
      : []
  })
  const [value] = values
  return values.length === 1 && value !== undefined && SECRET.test(value) ? value : undefined
}
