// Holds the requests that stand on somebody's screen: what is granted is what was shown, once, to that person alone.

import { base64url, sha256 } from '../../std/bytes.ts'
import type { Clock } from '../../std/clock.ts'
import type { Entropy } from '../../std/entropy.ts'
import type { AuthorizationRequest } from '../../authority/consent/request.ts'
import { Pending } from '../../authority/sessions/pending.ts'
import type { Offer } from './offer.ts'

/** How long somebody may look at a page before they answer (ms). */
const LIFE_MS = 600_000
/** Pages of everybody at once; only people who are signed in make them. */
const MOST = 1_000

/** A request as it was shown. */
export interface ShownRequest {
  /** Person id. */
  readonly person: string
  readonly request: AuthorizationRequest
  readonly offers: readonly Offer[]
  /** Path with query of the page, to come back to. */
  readonly path: string
}

/** The requests that wait for an answer. In memory alone: after a restart the page is loaded again. */
export class ShownRequests {
  readonly #entropy: Entropy
  readonly #waiting: Pending<ShownRequest>

  constructor({ clock, entropy }: { readonly clock: Clock; readonly entropy: Entropy }) {
    this.#entropy = entropy
    this.#waiting = new Pending(clock, { most: MOST, lifeMs: LIFE_MS })
  }

  /** Keeps a request. Answers what its form carries back. */
  put(shown: ShownRequest): string {
    const handle = base64url(this.#entropy.bytes(32))
    this.#waiting.put(keyOf(handle), shown)
    return handle
  }

  /** The request of a form, used up by this; undefined where it was shown to somebody else, or is over. */
  take(handle: string, person: string): ShownRequest | undefined {
    const shown = this.#waiting.take(keyOf(handle))
    return shown?.person === person ? shown : undefined
  }
}

function keyOf(handle: string): string {
  return base64url(sha256(handle))
}
