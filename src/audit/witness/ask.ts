// Holds the request to a witness: one exchange, bounded in time and size, redirects not followed.

import { Agent, request } from 'undici'

import { outboundLookup } from '../outbound.ts'
import { witnessFault } from './faults.ts'
import type { AskWitness, ShowWitness, WitnessAnswer } from './witness-client.ts'

const WAIT_MS = 15_000
const TEXT = 'text/plain; charset=utf-8'
/** Bytes of an answer: a few signature lines, or one checkpoint with them. */
const ANSWER_MAX = 16_384

/** A way to ask witnesses, each answer within `waitMs`, and the end of its connections. */
export function openAsk(waitMs: number = WAIT_MS): {
  readonly ask: AskWitness
  readonly show: ShowWitness
  readonly close: () => Promise<void>
} {
  const agent = new Agent({
    connect: { timeout: 10_000, lookup: outboundLookup },
    headersTimeout: waitMs,
    bodyTimeout: waitMs,
    maxResponseSize: ANSWER_MAX,
  })
  const send = async (url: string, post?: string): Promise<WitnessAnswer> => {
    try {
      // The whole exchange has an end: a witness that drips must not hold up the others.
      const signal = AbortSignal.timeout(waitMs)
      const what =
        post === undefined
          ? ({ method: 'GET' } as const)
          : ({ method: 'POST', headers: { 'content-type': TEXT }, body: post } as const)
      const response = await request(url, { dispatcher: agent, signal, ...what })
      const media = response.headers['content-type']
      return {
        status: response.statusCode,
        media: typeof media === 'string' ? media : '',
        text: await response.body.text(),
      }
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : 'no answer'
      throw witnessFault('witness.unreachable', `it does not answer (${code})`, error)
    }
  }
  return { ask: send, show: (url) => send(url), close: () => agent.destroy() }
}
