// Holds the clients that were looked at: their documents, kept as long as their servers allow and no longer than a day.

import type { Clock } from '../../std/clock.ts'
import { readClientDocument, type ClientDocument } from './client-document.ts'
import { fetchDocument, type FetchPorts } from './client-fetch.ts'
import { readClientUrl } from './client-url.ts'
import { consentFault } from './faults.ts'

/** Documents that are kept at once; the one that came first gives way. */
const MOST_KEPT = 256
/** Documents that are fetched at once: whoever asks for more is asked to wait. */
const MOST_FETCHED = 8

interface Kept {
  readonly document: ClientDocument
  /** Monotonic ms. */
  readonly until: number
}

/** The clients by their identifiers. Nothing is remembered of one whose document could not be had (§5.2). */
export class Clients {
  readonly loopback: boolean
  readonly #ports: FetchPorts & { readonly clock: Clock }
  readonly #kept = new Map<string, Kept>()
  readonly #fetching = new Map<string, Promise<ClientDocument>>()

  constructor(ports: FetchPorts & { readonly clock: Clock }) {
    this.#ports = ports
    this.loopback = ports.loopback
  }

  /** The document of a client. Throws `client.*`. Only ever called on the word of somebody who is known. */
  async get(id: string): Promise<ClientDocument> {
    const url = readClientUrl(id, { loopback: this.loopback })
    const kept = this.#kept.get(id)
    if (kept !== undefined && this.#ports.clock.monotonic() < kept.until) return kept.document
    const running = this.#fetching.get(id)
    if (running !== undefined) return running
    if (this.#fetching.size >= MOST_FETCHED) {
      throw consentFault('client.busy', 'too many clients are being looked at')
    }
    const fetching = this.#fetch(url, id).finally(() => this.#fetching.delete(id))
    this.#fetching.set(id, fetching)
    return fetching
  }

  async #fetch(url: URL, id: string): Promise<ClientDocument> {
    const { bytes, keepMs } = await fetchDocument(url, this.#ports)
    const document = readClientDocument(bytes, id)
    this.#kept.delete(id)
    if (keepMs > 0) {
      for (const [oldest] of this.#kept) {
        if (this.#kept.size < MOST_KEPT) break
        this.#kept.delete(oldest)
      }
      this.#kept.set(id, { document, until: this.#ports.clock.monotonic() + keepMs })
    }
    return document
  }
}
