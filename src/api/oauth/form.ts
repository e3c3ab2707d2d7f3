// Holds the reading of a form: URL-encoded, strictly, every parameter once, bounded (RFC 6749 §3.2 and appendix B).

import type { IncomingMessage } from 'node:http'
import { oauthFault } from './faults.ts'

/** Bytes of a form: room for two tokens and an assertion. */
const MAX_BYTES = 32_768
const MAX_PARAMETERS = 64
/** The one parameter that may stand more than once (RFC 8707 §2). */
const REPEATABLE = 'resource'

/** The parameters of a request. Those without a value are as if they were left out (RFC 6749 §3.2). */
export class Form {
  readonly #values: ReadonlyMap<string, readonly string[]>

  constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values
  }

  get(name: string): string | undefined {
    return this.#values.get(name)?.[0]
  }

  /** The value of a parameter that has to be there. Throws `oauth.parameter`. */
  need(name: string): string {
    const value = this.get(name)
    if (value === undefined) throw oauthFault('oauth.parameter', `the parameter ${name} is missing`)
    return value
  }

  /** Every `resource` that is asked for. */
  resources(): readonly string[] {
    return this.#values.get(REPEATABLE) ?? []
  }
}

/** Reads the body of a request. Throws `oauth.form`. */
export async function readForm(request: IncomingMessage): Promise<Form> {
  const type = request.headers['content-type'] ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) {
    throw oauthFault('oauth.form', 'the body is not application/x-www-form-urlencoded')
  }
  if ((request.url ?? '').includes('?')) {
    throw oauthFault('oauth.form', 'parameters belong into the body, not into the URL')
  }
  const tooLarge = () => oauthFault('oauth.form', 'the body is larger than 32 KB')
  if (Number(request.headers['content-length'] ?? 0) > MAX_BYTES) throw tooLarge()
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > MAX_BYTES) throw tooLarge()
    chunks.push(chunk)
  }
  return parseForm(Buffer.concat(chunks).toString('latin1'))
}

/** Parses a form, one character per byte. Throws `oauth.form`; never quotes what was sent. */
export function parseForm(text: string): Form {
  const values = new Map<string, string[]>()
  const pairs = text === '' ? [] : text.split('&')
  if (pairs.length > MAX_PARAMETERS) {
    throw oauthFault('oauth.form', `there are more than ${MAX_PARAMETERS} parameters`)
  }
  const seen = new Set<string>()
  for (const pair of pairs) {
    const equals = pair.indexOf('=')
    const name = decoded(equals < 0 ? pair : pair.slice(0, equals))
    const value = equals < 0 ? '' : decoded(pair.slice(equals + 1))
    if (seen.has(name) && name !== REPEATABLE) {
      throw oauthFault('oauth.form', 'a parameter stands more than once')
    }
    seen.add(name)
    if (value === '') continue
    const held = values.get(name)
    if (held === undefined) values.set(name, [value])
    else held.push(value)
  }
  return new Form(values)
}

function decoded(text: string): string {
  // Only what the encoding writes as it is, or escapes: anything else was encoded by something that guesses.
  if (!/^(?:[\x21-\x24\x27-\x7E]|%[0-9A-Fa-f]{2})*$/.test(text.replaceAll('+', '%20')))
    throw malformed()
  try {
    const value = decodeURIComponent(text.replaceAll('+', '%20'))
    if (/[\p{Cc}]/u.test(value)) throw malformed()
    return value
  } catch (cause) {
    throw malformed(cause)
  }
}

function malformed(cause?: unknown) {
  return oauthFault('oauth.form', 'the body is not URL-encoded UTF-8', cause)
}
