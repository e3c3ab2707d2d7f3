// Holds the connections to one origin on one account: bounded, without redirects, and each to an address that was judged.

import { connect as connectTcp, type LookupFunction, type Socket } from 'node:net'
import type { Readable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import { buildConnector, Pool } from 'undici'
import type { Reach } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import { chainOf, type PeerCheck } from '../upstream/peer.ts'
import { connectFailure, netFailure } from './failure.ts'
import { netFault } from './faults.ts'
import { reachable, type Resolve } from './reach.ts'

/** Connections to one origin on one account. */
const MAX_CONNECTIONS = 256
/** Requests under way or waiting on them. */
const MAX_UNDER_WAY = 1_024
/** How long one may take to stand, name look-up and TLS included (ms). */
const CONNECT_MS = 10_000
/** How long it stays when nobody uses it (ms): the other side is often quicker to close than it says. */
const IDLE_MS = 4_000
/** How long one may be idle at most, whatever the other side says (ms). */
const MAX_IDLE_MS = 60_000
/** All headers of an answer. */
const MAX_HEADERS = 32_768

/** How connections to an origin are made. */
export interface LineTerms {
  readonly reach: Reach
  /** A client certificate of our own. */
  readonly tls?: Equipment['tls'] | undefined
  /** Requests of different accounts never share a connection. */
  readonly account?: string | undefined
  /** Looks at who is there before anything is sent; only where there is TLS. */
  readonly peer?: PeerCheck | undefined
}

/** What every line of a network has in common. */
export interface LineParts {
  readonly resolve: Resolve
  /** Authorities that are trusted besides the machine's own, as PEM. */
  readonly authorities: readonly string[]
}

/** One request. */
export interface Outgoing {
  readonly method: string
  /** Path and query, as they are to stand in the request line: they begin with `/`, and hold printable ASCII without `#`. */
  readonly path: string
  /** By lower-case name. What frames the message is set here and nowhere else: such names are refused. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array | Readable
  /** Ends the request wherever it is; its reason is what is thrown. */
  readonly signal?: AbortSignal
  /** How long the system may take to begin its answer, and to go on with it (ms; 0: for ever). */
  readonly headersTimeoutMs?: number
  readonly bodyTimeoutMs?: number
}

/** The answer to one request. */
export interface Incoming {
  /** 200 to 599. */
  readonly status: number
  /** By lower-case name; a list where it came more than once. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
  /**
   * To be read to its end, or destroyed. It errors where the answer breaks off or is not as long as it says: `netFailure` says what that
   * means. What was compressed is compressed here.
   */
  readonly body: Readable
}

const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const TARGET = /^\/[\x21\x22\x24-\x7e]*$/
/** What frames a message, or belongs to one connection (RFC 9110 §7.6.1, RFC 9112 §6, §7.2). */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** A look-up that answers with addresses that were judged, and nothing else. */
function judgedLookup(
  passage: { readonly reach: Reach; readonly clear: boolean },
  resolve: Resolve,
): LookupFunction {
  return (host, options, answer) => {
    reachable(host, passage, resolve).then(
      (found) => {
        const wanted = options.family === 4 || options.family === 6 ? options.family : undefined
        const fit = found.filter(({ family }) => wanted === undefined || family === wanted)
        const [first] = fit
        if (first === undefined) {
          answer(netFault('net.resolve', 'the name of the host has no such address'), '')
        } else if (options.all === true) answer(null, [...fit])
        else answer(null, first.address, first.family)
      },
      (error: unknown) => answer(netFailure(error), ''),
    )
  }
}

function strange(socket: Socket, peer: PeerCheck | undefined): Error | undefined {
  if (peer === undefined || !(socket instanceof TLSSocket)) return undefined
  return peer.check(chainOf(socket))
}

/** Connections to one origin. Owned by the network that made it. */
export class Line {
  readonly #pool: Pool
  #underWay = 0

  constructor(origin: URL, terms: LineTerms, { resolve, authorities }: LineParts) {
    const secure = origin.protocol === 'https:'
    const lookup = judgedLookup({ reach: terms.reach, clear: !secure }, resolve)
    const connect = buildConnector({
      lookup,
      allowH2: false,
      timeout: CONNECT_MS,
      // Said and not left out: NODE_TLS_REJECT_UNAUTHORIZED would turn it off.
      rejectUnauthorized: true,
      minVersion: 'TLSv1.2',
      ...(authorities.length > 0 && { ca: [...authorities] }),
      ...(terms.tls !== undefined && { cert: terms.tls.cert, key: terms.tls.key }),
      // A session that is taken up again shows no chain.
      ...(terms.peer !== undefined && { maxCachedSessions: 0 }),
    })
    this.#pool = new Pool(origin.origin, {
      connect: (options, callback) =>
        connect(options, (...[error, socket]) => {
          if (error !== null) return callback(connectFailure(error, secure), null)
          const stranger = strange(socket, terms.peer)
          if (stranger === undefined) return callback(null, socket)
          socket.destroy()
          callback(stranger, null)
        }),
      connections: MAX_CONNECTIONS,
      // One at a time on each: no answer can be taken for that of another request.
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: MAX_IDLE_MS,
      maxHeaderSize: MAX_HEADERS,
      allowH2: false,
    })
  }

  /** True while no request is under way. */
  get idle(): boolean {
    return this.#underWay === 0
  }

  /** Sends one request. Rejects with a `net.*` Fault, or with the reason of the signal. Nothing is ever sent twice. */
  async request(outgoing: Outgoing): Promise<Incoming> {
    const { body, headers = {}, method, path, signal } = outgoing
    checkRequest(method, path, headers)
    if (this.#underWay >= MAX_UNDER_WAY) {
      throw netFault('net.busy', `${MAX_UNDER_WAY} requests to the host are under way`)
    }
    signal?.throwIfAborted()
    this.#underWay += 1
    try {
      const answer = await this.#pool.request({
        method: method as 'GET',
        path,
        headers: headers as Record<string, string | string[]>,
        body: body ?? null,
        ...(signal !== undefined && { signal }),
        headersTimeout: outgoing.headersTimeoutMs ?? 60_000,
        bodyTimeout: outgoing.bodyTimeoutMs ?? 60_000,
      })
      // Whoever drops it without reading has it fail: that is heard here, and meant.
      answer.body.on('error', () => undefined)
      answer.body.once('close', () => (this.#underWay -= 1))
      return { status: answer.statusCode, headers: answer.headers, body: answer.body }
    } catch (error) {
      this.#underWay -= 1
      if (signal?.aborted === true) throw signal.reason
      throw netFailure(error)
    }
  }

  /** Ends every connection now. */
  async destroy(): Promise<void> {
    await this.#pool.destroy()
  }
}

function checkRequest(method: string, path: string, headers: Outgoing['headers'] & object): void {
  if (!TOKEN.test(method) || method === 'CONNECT') {
    throw netFault('net.request', 'this is no method of a request')
  }
  if (!TARGET.test(path)) throw netFault('net.request', 'this is no path of a request')
  for (const [name, value] of Object.entries(headers)) {
    if (!TOKEN.test(name) || name !== name.toLowerCase() || FRAMING.has(name)) {
      throw netFault('net.request', 'a header cannot be set on a request')
    }
    for (const one of typeof value === 'string' ? [value] : value) {
      // RFC 9110 §5.5: visible ASCII, spaces and tabs; anything else is read differently by different readers.
      if (!/^[\t\x20-\x7e]*$/.test(one)) {
        throw netFault('net.request', 'the value of a header holds what no header can')
      }
    }
  }
}

/**
 * A bare connection to a judged address, for what is tunnelled; the signal ends it later, too. Rejects with a `net.*` Fault, or with the
 * reason of the signal.
 */
export async function connectBare(
  target: { readonly host: string; readonly port: number },
  { reach, resolve, signal }: { reach: Reach; resolve: Resolve; signal: AbortSignal },
): Promise<Socket> {
  const { host, port } = target
  // A tunnel carries what it carries: whether that is clear text is not ours to see.
  const found = await reachable(host, { reach, clear: false }, resolve)
  signal.throwIfAborted()
  return await new Promise((settle, reject) => {
    const socket = connectTcp({
      host,
      port,
      timeout: CONNECT_MS,
      autoSelectFamily: true,
      signal,
      lookup: (_host, options, callback) => {
        if (options.all === true) callback(null, [...found])
        else callback(null, found[0]!.address, found[0]!.family)
      },
    })
    const failed = (error: unknown) => {
      socket.destroy()
      reject(signal.aborted ? (signal.reason as Error) : connectFailure(error, false))
    }
    // Whoever has it by then hears of its end by `close`.
    socket.on('error', failed)
    socket.once('timeout', () => failed(new Error('took too long')))
    socket.once('connect', () => {
      socket.removeAllListeners('timeout').setTimeout(0)
      settle(socket)
    })
  })
}
