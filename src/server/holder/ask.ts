// Holds asking the identity listener: one bounded request, and its answer or its problem as a fault.

import { request, type Dispatcher } from 'undici'
import { Fault } from '../../std/fault.ts'
import { isObject, parseJson, REQUEST_LIMITS, stringifyJson, type Json } from '../../std/json.ts'
import { fault } from './faults.ts'

const MAX_ANSWER = 262_144

async function read(body: AsyncIterable<Uint8Array>): Promise<Json> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.length
    if (length > MAX_ANSWER) throw fault('holder.answer', 'the answer is larger than 256 KB')
    chunks.push(chunk)
  }
  return parseJson(Buffer.concat(chunks), { ...REQUEST_LIMITS, bytes: MAX_ANSWER })
}

/** The fault that a problem (RFC 9457) of ours speaks of. */
function problem(status: number, value: Json): Fault {
  const text = (name: string): string | undefined => {
    const member = isObject(value) ? value[name] : undefined
    return typeof member === 'string' ? member : undefined
  }
  const code = text('code')
  const detail = text('detail')
  if (code === undefined || detail === undefined) {
    return fault(
      'holder.answer',
      `the listener answered with status ${status} and no problem of ours`,
    )
  }
  return new Fault(code, { status, next: text('next') ?? 'see the log of the server' }, detail)
}

/** True for what OpenSSL says of a chain that does not lead to our root, or no longer holds. */
function isUntrusted(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(?:CERT_|UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH_)/.test(
    code,
  )
}

/**
 * Posts JSON to a path of the listener at `origin`. Throws the listener's own code for a refusal, `holder.unreachable` or
 * `holder.wrong_authority` where no answer was had, `holder.answer` where it makes no sense.
 */
export async function post(
  dispatcher: Dispatcher,
  origin: string,
  path: string,
  body: Json,
): Promise<Json> {
  let status: number
  let value: Json
  try {
    const response = await request(`${origin}${path}`, {
      dispatcher,
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: stringifyJson(body),
      headersTimeout: 15_000,
      bodyTimeout: 15_000,
    })
    status = response.statusCode
    value = await read(response.body)
  } catch (error) {
    if (error instanceof Fault) {
      if (!error.code.startsWith('json.')) throw error
      throw fault('holder.answer', 'the answer is not JSON', error)
    }
    if (isUntrusted(error)) {
      throw fault(
        'holder.wrong_authority',
        `the listener at ${origin} is not of this authority`,
        error,
      )
    }
    throw fault('holder.unreachable', `the identity listener at ${origin} cannot be reached`, error)
  }
  if (status !== 200) throw problem(status, value)
  return value
}
