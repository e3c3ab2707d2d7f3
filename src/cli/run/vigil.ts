// Holds the vigil of a district: a stream of the gateway on which we hear at once that its agent may act no longer.

import type { Timer } from '../../std/timer.ts'
import { publicFault } from '../../std/fault.ts'
import { serverEvents } from '../control/events.ts'
import type { Enrolled } from '../enrolment.ts'

/** Silence after which the stream counts as lost: the gateway says every five seconds that it stands (ms). */
const SILENCE_MS = 15_000
const RETRY_FIRST_MS = 100
const RETRY_MOST_MS = 2_000

/** Why an agent may act no longer. */
export interface Over {
  readonly code: string
  readonly detail: string
}

/**
 * Keeps the vigil until the agent may act no longer, and resolves with why; never, while it may. A gateway that is away ends nothing: the
 * district has no other way out, and whatever was said meanwhile is heard when it is back. Ends quietly when `signal` is aborted.
 */
export async function keepVigil(
  { gateway, holder }: Pick<Enrolled, 'gateway' | 'holder'>,
  { timer, signal }: { readonly timer: Timer; readonly signal: AbortSignal },
): Promise<Over | undefined> {
  let wait = RETRY_FIRST_MS
  while (!signal.aborted) {
    if (holder.over !== undefined) return publicFault(holder.over)
    const heard = await once({ gateway, holder }, signal)
    if (heard === 'stood') wait = RETRY_FIRST_MS
    else if (heard !== 'lost') return heard
    if (signal.aborted) return undefined
    await new Promise<void>((resolve) => {
      const stop = timer.after(wait, resolve)
      signal.addEventListener('abort', () => (stop(), resolve()), { once: true })
    })
    wait = Math.min(wait * 2, RETRY_MOST_MS)
  }
  return undefined
}

/** One stream to its end: `stood` where it stood at first, and then ended in a way that says nothing about the agent. */
async function once(
  { gateway, holder }: Pick<Enrolled, 'gateway' | 'holder'>,
  signal: AbortSignal,
): Promise<Over | 'stood' | 'lost'> {
  let stood = false
  try {
    const { statusCode, body } = await holder.dispatcher().request({
      origin: gateway,
      path: '/district',
      method: 'GET',
      signal,
      headersTimeout: SILENCE_MS,
      bodyTimeout: SILENCE_MS,
    })
    if (statusCode === 401 || statusCode === 403) return await words(body)
    if (statusCode !== 200) {
      await body.dump()
      return 'lost'
    }
    for await (const event of serverEvents(body)) {
      stood = true
      if (event.event !== 'over') continue
      const over = JSON.parse(event.data) as Over
      // A certificate that has ended is followed by a newer one: the next stream tells whether that is so.
      if (!over.code.startsWith('authenticate.')) return over
    }
  } catch {
    // The gateway is away, or the stream broke: both are told apart from the end of the agent by asking again.
  }
  return stood ? 'stood' : 'lost'
}

async function words(body: { json(): Promise<unknown> }): Promise<Over> {
  const said = (await body.json()) as Partial<Over>
  return { code: said.code ?? 'unknown', detail: said.detail ?? 'the gateway no longer knows it' }
}
