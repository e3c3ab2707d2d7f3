// Holds the reading of a request's body: bounded while it arrives, strict once it is there.

import { parseJson, REQUEST_LIMITS, type Json } from '../std/json.ts'
import { authzenFault } from './authzen/faults.ts'
import { fault } from './faults.ts'

/** Bytes of a body: 1 MiB. */
const MAX_BODY = REQUEST_LIMITS.bytes

/** Reads the body; never more than the limit is kept. Throws `api.body_size`, or `api.body` where it ends early. */
export async function readBody(request: Request, most = MAX_BODY): Promise<Uint8Array> {
  const tooLarge = () => fault('api.body_size', `the body is larger than ${most} bytes`)
  if (Number(request.headers.get('content-length') ?? 0) > most) throw tooLarge()
  if (request.body === null) return new Uint8Array()
  const chunks: Uint8Array[] = []
  let length = 0
  const reader = request.body.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw fault('api.body', 'the body ended early', cause)
    })
    if (done) return new Uint8Array(Buffer.concat(chunks))
    length += value.byteLength
    if (length > most) {
      await reader.cancel().catch(() => undefined)
      throw tooLarge()
    }
    chunks.push(value)
  }
}

/** The tree that a body says; undefined for an empty one. Throws `api.media_type`, `authzen.media_type` or a Fault of the strict reader. */
export function bodyTree(request: Request, body: Uint8Array, most = MAX_BODY): Json | undefined {
  if (body.byteLength === 0) return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!/^application\/json\s*(?:;\s*charset=utf-8\s*)?$/i.test(type)) {
    const detail = 'the body is not declared as application/json'
    // AuthZEN 1.0 §10.1 knows one status for a request that is not right.
    if (new URL(request.url).pathname.startsWith('/access/')) {
      throw authzenFault('authzen.media_type', detail)
    }
    throw fault('api.media_type', detail)
  }
  return parseJson(body, { ...REQUEST_LIMITS, bytes: most })
}
