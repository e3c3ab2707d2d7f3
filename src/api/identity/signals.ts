// Holds the push delivery of security event tokens (RFC 8935): one token in, 202 out once everything that follows is in force.

import type { IncomingMessage, ServerResponse } from 'node:http'
import { publicFault } from '../../std/fault.ts'
import { SET_ERRORS, signalFault } from '../../authority/signals/faults.ts'
import type { Signals } from '../../authority/signals/signals.ts'
import { readBytes, sendJson } from './exchange.ts'

const PATH = /^\/ssf\/push\/([a-z0-9][a-z0-9-]{0,62})$/
const TYPE = /^application\/secevent\+jwt\s*(?:;|$)/i
const MAX_TOKEN = 65_536

/** The source that a path belongs to; undefined for any other path. */
export function signalSource(path: string): string | undefined {
  return PATH.exec(path)?.[1]
}

/**
 * Takes one token and answers it: 202 and nothing else where it was taken (§2.2), an error of §2.4 where it is none of ours. Throws where the
 * sender had better try again, which is 503 and the like.
 */
export async function takeSignal(
  signals: Signals,
  source: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') {
    response.setHeader('allow', 'POST')
    return sendJson(response, 405, { err: 'invalid_request', description: 'this takes POST' })
  }
  try {
    if (!TYPE.test(request.headers['content-type'] ?? '')) {
      throw signalFault('signal.request', 'the body is not declared as application/secevent+jwt')
    }
    const token = (await readBytes(request, MAX_TOKEN)).toString('latin1').trim()
    await signals.receive(source, token)
    response.writeHead(202, { 'content-length': 0, 'cache-control': 'no-store' }).end()
  } catch (error) {
    const { code, detail } = publicFault(error)
    const err = SET_ERRORS[code]
    if (err === undefined) throw error
    response.setHeader('content-language', 'en')
    sendJson(response, 400, { err, description: detail })
    // Counted like every refusal of somebody who is nobody here.
    throw error
  }
}
