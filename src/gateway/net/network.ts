// Holds the guarded network: the only way by which the gateway connects to what configuration names.

import type { Socket } from 'node:net'
import { digest } from '../../std/bytes.ts'
import { netFault } from './faults.ts'
import { connectBare, Line, type LineTerms, type Incoming, type Outgoing } from './line.ts'
import { readTarget, type Resolve } from './reach.ts'
import { single } from './resolver.ts'

/** Origins and accounts that connections are kept for. */
const MAX_LINES = 1_024

/** Sends requests to one origin. */
export interface Dial {
  /** `https://host[:port]` */
  readonly origin: string
  /** Sends one request. Rejects with a `net.*` Fault, or with the reason of the signal. Nothing is ever sent twice. */
  request(outgoing: Outgoing): Promise<Incoming>
}

/** What a network stands on. */
export interface NetworkOptions {
  /** Addresses of a host name; the machine's own resolver unless a test has another. */
  readonly resolve?: Resolve
  /** Authorities that are trusted besides the machine's own, as PEM. */
  readonly authorities?: readonly string[]
}

/** Connections to wherever configuration names, kept while they are used. */
export class Network {
  readonly #resolve: Resolve
  readonly #authorities: readonly string[]
  /** In the order in which they were last used. */
  readonly #lines = new Map<string, Line>()

  constructor({ resolve, authorities = [] }: NetworkOptions = {}) {
    this.#resolve = single(resolve)
    this.#authorities = authorities
  }

  /**
   * The way to an origin. Throws `net.url` where it is none, and what `refusedAddress` says of a literal address; a name is judged with
   * every connection that is made. The way may be kept and used again for as long as the network is open.
   */
  dial(target: URL | string, terms: LineTerms): Dial {
    const url = readTarget(target, terms.reach)
    const key = keyOf(url, terms)
    return {
      origin: url.origin,
      request: (outgoing) => this.#line(key, url, terms).request(outgoing),
    }
  }

  /** A bare connection to a judged address. Rejects with a `net.*` Fault, or with the reason of the signal. */
  connect(
    target: { readonly host: string; readonly port: number },
    terms: { readonly reach: LineTerms['reach']; readonly signal: AbortSignal },
  ): Promise<Socket> {
    return connectBare(target, { ...terms, resolve: this.#resolve })
  }

  /** Ends every connection. */
  async close(): Promise<void> {
    const lines = [...this.#lines.values()]
    this.#lines.clear()
    await Promise.all(lines.map((line) => line.destroy()))
  }

  #line(key: string, url: URL, terms: LineTerms): Line {
    let line = this.#lines.get(key)
    if (line === undefined) {
      this.#room()
      line = new Line(url, terms, { resolve: this.#resolve, authorities: this.#authorities })
    } else this.#lines.delete(key)
    this.#lines.set(key, line)
    return line
  }

  /** Makes room for one more, by the one that was not used for the longest time. */
  #room(): void {
    if (this.#lines.size < MAX_LINES) return
    for (const [key, line] of this.#lines) {
      if (!line.idle) continue
      this.#lines.delete(key)
      void line.destroy()
      return
    }
    throw netFault('net.busy', 'too many systems are spoken to at once')
  }
}

function keyOf(url: URL, { account = '', peer, reach, tls }: LineTerms): string {
  const certificate = tls === undefined ? '' : digest(tls.cert)
  const allowed = `${reach.private === true ? 'p' : ''}${reach.clearText === true ? 'c' : ''}`
  return [url.origin, allowed, certificate, account, peer?.key ?? ''].join('\n')
}
