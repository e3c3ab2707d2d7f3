// Holds asking an issuer over HTTP: no redirect, a bounded answer, a bounded wait.

import { isObject, parseJson, type JsonObject } from '../../std/json.ts'
import { trustFault } from './faults.ts'

const MAX_ANSWER = 262_144
const PATIENCE_MS = 5_000

/** Gets a JSON object. Throws `trust.unreachable` whatever went wrong: the cause is for the operator's own log. */
export async function getJson(url: string): Promise<JsonObject> {
  try {
    const response = await fetch(url, {
      headers: { accept: 'application/json' },
      redirect: 'error',
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    if (response.status !== 200 || response.body === null) {
      throw new Error(`status ${response.status}`)
    }
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body) {
      length += chunk.byteLength
      if (length > MAX_ANSWER) throw new Error('the answer is too large')
      chunks.push(chunk)
    }
    const value = parseJson(Buffer.concat(chunks), {
      bytes: MAX_ANSWER,
      depth: 8,
      values: 20_000,
      keys: 'exact',
    })
    if (!isObject(value)) throw new Error('the answer is no object')
    return value
  } catch (cause) {
    throw trustFault('trust.unreachable', 'the issuer did not answer as it has to', cause)
  }
}
