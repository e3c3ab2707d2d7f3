// Holds the answer to whether calls can be governed, for machines that ask; `/healthz` says no more than that the process answers.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendJson } from './exchange.ts'
import { fault } from './faults.ts'

/** Path of the question. */
export const READY_PATH = '/readyz'

/** Answers 200, or 503 with the reason. Throws `identity.method`. */
export function tellReady(
  unready: (() => string | undefined) | undefined,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== 'GET') {
    response.setHeader('allow', 'GET')
    throw fault('identity.method', 'this route takes GET')
  }
  const why = unready?.()
  if (why === undefined) sendJson(response, 200, { ready: true })
  else sendJson(response, 503, { ready: false, why })
}
