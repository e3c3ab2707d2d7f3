// Holds the fetching of a client's document: one bounded GET to an address of the public internet that was checked first.

import { lookup } from 'node:dns/promises'
import { isIP } from 'node:net'
import { Agent, request } from 'undici'
import { Fault } from '../../std/fault.ts'
import type { Timer } from '../../std/timer.ts'
import { MAX_DOCUMENT } from './client-document.ts'
import { isLoopbackHost } from './client-url.ts'
import { consentFault } from './faults.ts'
import { isLoopbackAddress, isSpecialAddress } from '../../std/special-address.ts'

/** The longest that all of it takes, name look-up included (ms). */
const PATIENCE_MS = 5_000
/** The longest that a document is kept (ms). */
const LONGEST_MS = 24 * 3_600_000
/** How long a document is kept whose server says nothing about it (ms). */
const UNSAID_MS = 600_000

/** One address of a host. */
export interface Address {
  readonly address: string
  readonly family: 4 | 6
}

/** What fetching stands on. */
export interface FetchPorts {
  readonly timer: Timer
  /** Addresses of a host name; the machine's own resolver unless a test has another. */
  readonly resolve?: (host: string) => Promise<readonly Address[]>
  /** Whether documents may come from this machine itself: for development alone (§8.6). */
  readonly loopback: boolean
}

/** A document as it came, and for how long it may be kept (ms). */
export interface Fetched {
  readonly bytes: Uint8Array
  readonly keepMs: number
}

/**
 * Fetches a document (draft-ietf-oauth-client-id-metadata-document-02 §5, §8.6, §8.7): no redirect is followed, only 200 counts,
 * 5 KB and 5 s at most. The host is looked up once and the connection goes to the very address that was checked, so that
 * a name that resolves differently a moment later leads nowhere else. Throws `client.address`, `client.unreachable` or
 * `client.document`.
 */
export async function fetchDocument(url: URL, ports: FetchPorts): Promise<Fetched> {
  const abort = new AbortController()
  const cancel = ports.timer.after(PATIENCE_MS, () => abort.abort())
  let agent: Agent | undefined
  try {
    const pinned = await within(abort.signal, addressOf(url, ports))
    agent = pinnedAgent(pinned)
    const answer = await request(url, {
      dispatcher: agent,
      method: 'GET',
      headers: { accept: 'application/json', 'user-agent': 'bailiwick' },
      signal: abort.signal,
    })
    // A body that nobody reads to its end fails when the connection is destroyed below: that is heard here, and meant.
    answer.body.on('error', () => undefined)
    if (answer.statusCode !== 200) {
      throw consentFault(
        'client.document',
        `the client document was answered with status ${answer.statusCode}`,
      )
    }
    checkMedia(answer.headers['content-type'])
    const bytes = await bounded(answer.body)
    return { bytes, keepMs: keepMs(answer.headers['cache-control']) }
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    throw consentFault('client.unreachable', 'the client document could not be fetched', cause)
  } finally {
    cancel()
    await agent?.destroy()
  }
}

/** The address to connect to: every address of the host has to be one that we may ask. */
async function addressOf(url: URL, ports: FetchPorts): Promise<Address> {
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const family = isIP(host)
  const found: readonly Address[] =
    family === 0
      ? await (ports.resolve ?? resolveHost)(host)
      : [{ address: host, family: family === 4 ? 4 : 6 }]
  const [first] = found
  if (first === undefined)
    throw consentFault('client.unreachable', 'the host of the client has no address')
  // A development client is on loopback altogether: no name of the public internet leads there.
  const local = ports.loopback && isLoopbackHost(url.hostname)
  const allowed = ({ address }: Address) =>
    local ? isLoopbackAddress(address) : !isSpecialAddress(address)
  if (!found.every(allowed)) {
    throw consentFault('client.address', 'the host of the client is not on the public internet')
  }
  return first
}

async function resolveHost(host: string): Promise<readonly Address[]> {
  const found = await lookup(host, { all: true })
  return found.map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/** A connector that knows one address. TLS still asks for, and checks, the certificate of the host's name. */
function pinnedAgent({ address, family }: Address): Agent {
  return new Agent({
    connect: {
      timeout: PATIENCE_MS,
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [{ address, family }])
        else callback(null, address, family)
      },
    },
    allowH2: false,
    pipelining: 0,
    maxResponseSize: MAX_DOCUMENT,
    maxHeaderSize: 16_384,
  })
}

/** §4: JSON, under its own name or a more specific one. */
function checkMedia(type: string | readonly string[] | undefined): void {
  const said = typeof type === 'string' ? type : ''
  if (!/^application\/(?:[a-z0-9.-]+\+)?json\s*(?:;|$)/i.test(said)) {
    throw consentFault('client.document', 'the client document is not served as JSON')
  }
}

async function bounded(body: AsyncIterable<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body) {
    length += chunk.byteLength
    if (length > MAX_DOCUMENT) {
      throw consentFault(
        'client.document',
        `the client document is larger than ${MAX_DOCUMENT} bytes`,
      )
    }
    chunks.push(chunk)
  }
  return new Uint8Array(Buffer.concat(chunks))
}

/** How long an answer may be kept (RFC 9111 §5.2.2), within our own bounds. */
function keepMs(control: string | readonly string[] | undefined): number {
  const said = (typeof control === 'string' ? control : (control ?? []).join(',')).toLowerCase()
  if (/(?:^|[,\s])no-(?:store|cache)\b/.test(said)) return 0
  const seconds = /(?:^|[,\s])max-age="?(\d{1,10})/.exec(said)?.[1]
  return seconds === undefined ? UNSAID_MS : Math.min(Number(seconds) * 1_000, LONGEST_MS)
}

/** What a promise comes to, unless the signal is first. */
function within<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('took too long')), { once: true })
    work.then(resolve, reject)
  })
}
