// Holds percent-encoding (RFC 3986 §2.1), read once and written in one form.

/** Characters that controls of any sort are: no value of a request has them, and readers disagree on what they end. */
const CONTROL = /\p{Cc}/u

/**
 * The text that an encoded one stands for; undefined where an escape is broken, is no UTF-8, or stands for a control character. It is
 * decoded once: what still looks encoded then is what it looks like.
 */
export function decodeOnce(text: string): string | undefined {
  if (!text.includes('%')) return CONTROL.test(text) ? undefined : text
  let decoded: string
  try {
    decoded = decodeURIComponent(text)
  } catch {
    return undefined
  }
  return CONTROL.test(decoded) ? undefined : decoded
}

const LEFT = /[!'()*]/g

/** The one form in which we write a text: all but the unreserved characters (RFC 3986 §2.3) are escaped. */
export function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    LEFT,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
