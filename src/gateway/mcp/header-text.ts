// Holds the reading of MCP's own HTTP headers: one value, trimmed, and what it says where it is wrapped as Base64 (SEP-2243).

/** The one value of a header; several are one that no check will find equal to anything. */
export function oneHeader(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(', ') : value?.trim()
}

/** The text of a header value, which may be wrapped as `=?base64?…?=`; undefined when the wrapping is broken. */
export function headerText(value: string): string | undefined {
  const wrapped = /^=\?base64\?(.*)\?=$/.exec(value)
  if (wrapped === null) return value
  const inner = wrapped[1]!
  // RFC 4648 §4, padded: what another reader might take for another text is not taken at all.
  if (!/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(inner))
    return undefined
  const bytes = Buffer.from(inner, 'base64')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : undefined
}

/** A text as a header holds it: wrapped where it is not plain printable ASCII, or looks wrapped already. */
export function asHeader(text: string): string {
  const plain = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
  if (plain && !text.startsWith('=?base64?')) return text
  return `=?base64?${Buffer.from(text, 'utf8').toString('base64')}?=`
}
