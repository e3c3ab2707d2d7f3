// Holds the way to control: one connection at a time, kept up whatever happens, and known to be fresh or not.

import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { publicFault, type Fault } from '../../std/fault.ts'
import type { Clock } from '../../std/clock.ts'
import type { Json, JsonObject } from '../../std/json.ts'
import type { Timer } from '../../std/timer.ts'
import { LINK_PROTOCOL, LINK_VERSION, type LinkWelcome } from '../../wire/link.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'
import { linkFault } from '../link/faults.ts'
import { Link, type LinkHandlers } from '../link/link.ts'
import { Lease } from './lease.ts'

/** Between two questions about the view (ms): what is fresh is younger than this and a way there and back. */
const PING_MS = 1_000
/** Between two attempts to connect (ms), the first and the longest. */
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1_000
/** How long a connection may take to be made, and to be answered (ms). */
const CONNECT_MS = 5_000

/** Where control is, and who we are to it. */
export interface ControlOptions {
  /** `host:port`, each of them a control; one of them has its turn. */
  readonly addresses: readonly string[]
  /** Newest certificate, key and whom we trust; PEM. */
  readonly credential: () => { readonly key: string; readonly cert: string; readonly ca: string }
  readonly trustDomain: string
  readonly hello: () => JsonObject
  readonly clock: Clock
  readonly timer: Timer
  readonly handlers: LinkHandlers
  /** Takes what holds now; in the turn in which it came, before anything that follows it. */
  readonly onWelcome: (welcome: LinkWelcome) => void
  readonly note: (event: string, facts?: Readonly<Record<string, unknown>>) => void
}

/** The way to control. */
export class Control {
  readonly #options: ControlOptions
  readonly lease: Lease
  readonly #waiting = new Set<() => void>()
  readonly #connected = new Set<(link: Link) => void>()
  #link: Link | undefined
  #socket: TLSSocket | undefined
  #draining = false
  #key = ''
  #closed = false
  #next = 0
  #wait = FIRST_WAIT_MS
  #cancel: () => void = () => undefined
  #cancelPing: () => void = () => undefined

  constructor(options: ControlOptions) {
    this.#options = options
    this.lease = new Lease(options.clock)
    this.#connect()
  }

  /** The connection, while there is one. */
  get link(): Link | undefined {
    return this.#link
  }

  /** The private key, PEM, of the certificate that this connection was made with. */
  get key(): string {
    return this.#key
  }

  /** Called after every welcome. */
  onConnected(listener: (link: Link) => void): void {
    this.#connected.add(listener)
  }

  /** The connection, waited for as long as `ms`; undefined where there is none by then. */
  async reach(ms: number): Promise<Link | undefined> {
    const { timer } = this.#options
    if (this.#ready() !== undefined || ms <= 0) return this.#ready()
    await new Promise<void>((resolve) => {
      const done = (): void => {
        cancel()
        this.#waiting.delete(done)
        resolve()
      }
      const cancel = timer.after(ms, done)
      this.#waiting.add(done)
    })
    return this.#ready()
  }

  /** Asks control over the connection of now. */
  ask(name: string, params: JsonObject): Promise<Json> {
    return this.#link?.ask(name, params) ?? Promise.reject(lost())
  }

  /** Tells control; lost where there is no connection. */
  tell(name: string, params: JsonObject): void {
    this.#link?.tell(name, params)
  }

  /** Control is about to end: what is new waits for another. */
  drain(): void {
    this.#draining = true
  }

  close(): void {
    this.#closed = true
    this.#cancel()
    this.#cancelPing()
    this.#socket?.destroy()
    this.#link?.close(lost())
    for (const done of this.#waiting) done()
  }

  #ready(): Link | undefined {
    return this.#draining ? undefined : this.#link
  }

  #connect(): void {
    const { addresses, credential, handlers, note, timer } = this.#options
    const address = addresses[this.#next++ % addresses.length] ?? ''
    const own = credential()
    const socket = connect({ ...this.#dial(address), ...own })
    this.#socket = socket
    socket.setNoDelay(true)
    let failed = false
    const again = (why: unknown): void => {
      if (failed) return
      failed = true
      socket.destroy()
      cancel()
      if (this.#closed) return
      if (this.#wait === FIRST_WAIT_MS) note('control not reached', { address, why: String(why) })
      this.#cancel = timer.after(this.#wait, () => this.#connect())
      this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT_MS)
    }
    const cancel = timer.after(CONNECT_MS, () => again('no answer'))
    socket.on('error', again)
    socket.once('secureConnect', () => {
      if (!isControl(socket, this.#options.trustDomain)) return again('it is not control')
      const link = new Link(socket, handlers)
      link.onClosed(() => {
        if (this.#link === link) this.#lose(link.lost)
        again(link.lost)
      })
      this.#greet(link, own.key).then(cancel, again)
    })
  }

  async #greet(link: Link, key: string): Promise<void> {
    const { hello, onWelcome, note } = this.#options
    const nonce = this.lease.ask()
    const welcome = (await link.ask('hello', {
      version: LINK_VERSION,
      ...hello(),
    })) as unknown as LinkWelcome
    onWelcome(welcome)
    this.#link = link
    this.#key = key
    this.#draining = false
    this.#wait = FIRST_WAIT_MS
    this.lease.answered(nonce, welcome.wall)
    note('control reached', { locks: welcome.locks.length, systems: welcome.systems.length })
    this.#ping(link)
    for (const listener of this.#connected) listener(link)
    for (const done of this.#waiting) done()
  }

  #ping(link: Link): void {
    const { timer } = this.#options
    const nonce = this.lease.ask()
    link.ask('ping', { nonce }).then(
      (answer) => {
        const { wall } = answer as { wall: number }
        this.lease.answered(nonce, wall)
      },
      () => undefined,
    )
    this.#cancelPing = timer.after(PING_MS, () => {
      if (link.lost !== undefined) return
      // A connection that says nothing for so long is none, whatever the network thinks of it.
      if (this.lease.age() > 3 * PING_MS + CONNECT_MS) return link.close(lost())
      this.#ping(link)
    })
  }

  #lose(why: Fault | undefined): void {
    this.#link = undefined
    this.#cancelPing()
    this.lease.end()
    this.#options.note('control lost', { why: publicFault(why).detail })
  }

  #dial(address: string): ConnectionOptions {
    const at = address.lastIndexOf(':')
    return {
      host: address.slice(0, at),
      port: Number(address.slice(at + 1)),
      minVersion: 'TLSv1.3',
      ALPNProtocols: [LINK_PROTOCOL],
      servername: 'bailiwick.localhost',
      // Control is known by its SPIFFE ID, wherever it is reached: where it is, is no evidence of anything (INV-8).
      checkServerIdentity: () => undefined,
    }
  }
}

function lost(): Fault {
  return linkFault('link.lost', 'control is not reached')
}

/** True where the other side is control of this trust domain, vouched for by its roots. */
function isControl(socket: TLSSocket, domain: string): boolean {
  const name = /(?:^|, )URI:([^,]+)/.exec(socket.getPeerCertificate().subjectaltname ?? '')?.[1]
  const named = parseSpiffeId(name ?? '')
  return (
    socket.authorized &&
    named?.kind === 'server' &&
    named.role === 'control' &&
    named.domain === domain
  )
}
