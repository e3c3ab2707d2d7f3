// Holds media types (RFC 9110 §8.3.1): read strictly, and matched with those that an operation names.

import type { HttpMedia } from '../../wire/http-binding.ts'

/** A media type as it came. */
export interface MediaType {
  /** `type/subtype` in small letters. */
  readonly type: string
  readonly parameters: ReadonlyMap<string, string>
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+"
const TYPE = new RegExp(
  `^(${TOKEN}/${TOKEN})((?:[ \\t]*;[ \\t]*${TOKEN}=(?:${TOKEN}|"[^"\\\\]*"))*)[ \\t]*$`,
)
const PARAMETER = new RegExp(`;[ \\t]*(${TOKEN})=(?:(${TOKEN})|"([^"\\\\]*)")`, 'g')

/** A media type; undefined for what is none, or names a parameter twice. */
export function readMediaType(text: string): MediaType | undefined {
  const match = text.length > 1_024 ? null : TYPE.exec(text)
  if (match === null) return undefined
  const parameters = new Map<string, string>()
  for (const [, name = '', token, quoted] of match[2]!.matchAll(PARAMETER)) {
    const key = name.toLowerCase()
    if (parameters.has(key)) return undefined
    parameters.set(key, token ?? quoted ?? '')
  }
  return { type: match[1]!.toLowerCase(), parameters }
}

/** What of an operation's media types a type is: the exact one first, then one with `*`. */
export function matchMedia(type: string, media: readonly HttpMedia[]): HttpMedia | undefined {
  return (
    media.find((one) => one.type === type) ??
    media.find((one) => one.type === `${type.split('/', 1)[0]}/*`) ??
    media.find((one) => one.type === '*/*')
  )
}
