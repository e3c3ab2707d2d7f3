// Holds asking an issuer over HTTP: no redirect, a bounded answer, a bounded wait.

import { Agent, request } from 'undici'
import { isObject, parseJson, type JsonObject } from '../../std/json.ts'
import { trustFault } from './faults.ts'

const MAX_ANSWER = 262_144
const PATIENCE_MS = 5_000

/**
 * Gets a JSON object. `ca` (PEM) takes the place of the authorities that this machine trusts. Throws `trust.unreachable` whatever
 * went wrong: the cause is for the operator's own log.
 */
export async function getJson(url: string, ca?: string): Promise<JsonObject> {
  const dispatcher = new Agent({
    connect: { timeout: PATIENCE_MS, ...(ca === undefined ? {} : { ca }) },
    maxResponseSize: MAX_ANSWER,
    maxHeaderSize: 16_384,
    pipelining: 0,
  })
  try {
    const response = await request(url, {
      dispatcher,
      headers: { accept: 'application/json', 'user-agent': 'bailiwick' },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    // A body that nobody reads to its end fails when the connection is destroyed below: that is heard here, and meant.
    response.body.on('error', () => undefined)
    if (response.statusCode !== 200) throw new Error(`status ${response.statusCode}`)
    const chunks: Uint8Array[] = []
    let length = 0
    for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
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
  } finally {
    await dispatcher.destroy()
  }
}
