// Holds one POST to a sink: bounded in time and size, redirects not followed, the answer sorted into done, later and never.

import { Agent, request } from 'undici'

import { outboundLookup } from '../outbound.ts'
import { exportFault } from './faults.ts'
import type { RemoteSink } from './settings.ts'
import { tlsTerms } from './tls-files.ts'

const HEADERS_MS = 30_000
/** The whole exchange, whatever drips. */
const WHOLE_MS = 60_000
/** Bytes of an answer that are looked at. */
const ANSWER_MAX = 65_536
/** Statuses after which the same may be tried again (OTLP/HTTP §Retryable Response Codes; 408 and 5xx for webhooks). */
const LATER: ReadonlySet<number> = new Set([408, 425, 429, 500, 502, 503, 504])

/** The one connection pool of a sink. */
export function poster(sink: RemoteSink): Agent {
  return new Agent({
    connections: 1,
    connect: { ...tlsTerms(sink), timeout: 10_000, lookup: outboundLookup },
    headersTimeout: HEADERS_MS,
    bodyTimeout: HEADERS_MS,
    maxResponseSize: ANSWER_MAX,
  })
}

/** Posts and gives the answer's text. Throws `export.undelivered` where it may be tried again, `export.refused` where not. */
export async function post(
  agent: Agent,
  url: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<string> {
  let status: number
  let answer: string
  try {
    const signal = AbortSignal.timeout(WHOLE_MS)
    const options = { dispatcher: agent, method: 'POST', headers, body, signal } as const
    const response = await request(url, options)
    status = response.statusCode
    answer = await response.body.text()
  } catch (error) {
    throw exportFault('export.undelivered', `no answer: ${words(error)}`, error)
  }
  if (status >= 200 && status < 300) return answer
  const detail = `it answered ${status}`
  if (LATER.has(status)) throw exportFault('export.undelivered', detail)
  throw exportFault('export.refused', detail)
}

function words(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
