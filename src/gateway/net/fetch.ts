// Holds one whole small exchange over the guarded network: for token endpoints, documents and the like.

import type { Timer } from '../../std/timer.ts'
import { netFailure } from './failure.ts'
import { netFault } from './faults.ts'
import type { Incoming, LineTerms, Outgoing } from './line.ts'
import type { Network } from './network.ts'
import { readTarget } from './reach.ts'
import { readBounded } from './read.ts'

/** What is asked, and how much of it is waited for. */
export interface FetchOptions extends LineTerms {
  readonly timer: Timer
  readonly method?: string
  readonly headers?: Outgoing['headers']
  readonly body?: string | Uint8Array
  readonly signal?: AbortSignal
  /** For all of it, name look-up and body included (ms); 10 seconds unless it is said. */
  readonly timeoutMs?: number
  /** Bytes of the answer; 1 MiB unless it is said. */
  readonly maxBytes?: number
}

/** A whole answer. */
export interface Fetched {
  readonly status: number
  readonly headers: Incoming['headers']
  readonly bytes: Uint8Array
}

/** One request and its whole answer, whatever its status. No redirect is followed. Rejects with a `net.*` Fault, or the reason of the signal. */
export async function guardedFetch(
  network: Network,
  target: URL | string,
  options: FetchOptions,
): Promise<Fetched> {
  const url = readTarget(target, options.reach)
  const { body, headers, maxBytes = 1_048_576, method = 'GET', signal, timer } = options
  const late = new AbortController()
  const cancel = timer.after(options.timeoutMs ?? 10_000, () =>
    late.abort(netFault('net.timeout', 'the exchange took too long')),
  )
  const ends = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal])
  try {
    const answer = await network.dial(url, options).request({
      method,
      path: `${url.pathname}${url.search}`,
      headers: { 'accept-encoding': 'identity', 'user-agent': 'bailiwick', ...headers },
      ...(body !== undefined && { body }),
      signal: ends,
    })
    const bytes = await readBounded(answer.body, maxBytes)
    return { status: answer.status, headers: answer.headers, bytes }
  } catch (error) {
    if (ends.aborted) throw ends.reason
    throw netFailure(error)
  } finally {
    cancel()
  }
}
