// Holds the request to a witness: one POST, bounded in time and size, redirects not followed.

import { Agent, request } from 'undici'

import { witnessFault } from './faults.ts'
import type { AskWitness } from './witness-client.ts'

const WAIT_MS = 15_000
/** Bytes of an answer: a few signature lines. */
const ANSWER_MAX = 16_384

/** A way to ask witnesses, and the end of its connections. */
export function openAsk(): { readonly ask: AskWitness; readonly close: () => Promise<void> } {
  const agent = new Agent({
    connect: { timeout: 10_000 },
    headersTimeout: WAIT_MS,
    bodyTimeout: WAIT_MS,
    maxResponseSize: ANSWER_MAX,
  })
  return {
    async ask(url, body) {
      try {
        const headers = { 'content-type': 'text/plain; charset=utf-8' }
        // The whole exchange has an end: a witness that drips must not hold up the others.
        const signal = AbortSignal.timeout(WAIT_MS)
        const options = { dispatcher: agent, method: 'POST', headers, body, signal } as const
        const response = await request(url, options)
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
    },
    close: () => agent.destroy(),
  }
}
