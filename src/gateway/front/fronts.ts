// Holds the fronts of a listener: threads that do its TLS, before one owner that decides, counts and remembers.

import { mkdtempSync, rmSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { WatchPort } from '../ports.ts'
import type { FrontCredential, FrontData, FrontOrder, FrontReport } from './front-wire.ts'
import { introduce } from './peer.ts'
import { READY, readPrelude } from './prelude.ts'

/** A thread that ended by itself is started again after this long (ms). */
const RESTART_MS = 1_000

/** What fronts are opened with. */
export interface FrontOptions {
  readonly count: number
  readonly host: string
  readonly port: number
  /** 32 bytes that nobody outside this process knows. */
  readonly secret: Uint8Array
  readonly credential: FrontCredential
  readonly handshakeMs: number
  readonly maxConnections: number
  readonly watch: WatchPort
}

/** Threads that do the TLS of one address. The owner is an HTTP server that listens on nothing but their socket. */
export class Fronts {
  readonly #options: FrontOptions
  readonly #folder = mkdtempSync(join(tmpdir(), 'bailiwick-front-'))
  readonly #workers = new Set<Worker>()
  #credential: FrontCredential
  #port: number
  #closing = false

  private constructor(options: FrontOptions) {
    this.#options = options
    this.#credential = options.credential
    this.#port = options.port
  }

  /** Opens the fronts before `owner`. Rejects with Node's error when the address is taken; nothing is left running then. */
  static async open(owner: Server, options: FrontOptions): Promise<Fronts> {
    const fronts = new Fronts(options)
    try {
      await fronts.#own(owner)
      // The first finds the port, where any will do; the others share it.
      for (let n = 0; n < options.count; n++) fronts.#port = await fronts.#start()
    } catch (error) {
      await fronts.close()
      throw error
    }
    return fronts
  }

  get port(): number {
    return this.#port
  }

  /** Gives new connections another certificate, or other trust. */
  certify(credential: FrontCredential): void {
    this.#credential = credential
    for (const worker of this.#workers) {
      worker.postMessage({ kind: 'certify', credential } satisfies FrontOrder)
    }
  }

  /** Stops listening and ends every connection. */
  async close(): Promise<void> {
    this.#closing = true
    const ended = [...this.#workers].map((worker) => {
      const gone = new Promise((resolve) => worker.once('exit', resolve))
      worker.postMessage({ kind: 'close' } satisfies FrontOrder)
      return gone
    })
    await Promise.all(ended)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** Lets the owner take connections from fronts alone: whoever else finds the socket is shown the door. */
  #own(owner: Server): Promise<void> {
    const [serve] = owner.listeners('connection') as ((socket: Socket) => void)[]
    if (serve === undefined) throw new TypeError('the owner serves no connections')
    owner.removeAllListeners('connection')
    owner.on('connection', (socket: Socket) => {
      socket.on('error', () => socket.destroy())
      void readPrelude(socket, this.#options.secret).then((peer) => {
        if (peer === undefined) {
          socket.destroy()
          return
        }
        introduce(socket, peer)
        socket.write(Buffer.of(READY))
        serve.call(owner, socket)
      })
    })
    return new Promise((resolve, reject) => {
      owner.once('error', reject)
      owner.listen(this.#path, resolve)
    })
  }

  get #path(): string {
    return join(this.#folder, 's')
  }

  /** Starts a front; resolves with its port once it listens. */
  #start(): Promise<number> {
    const { host, secret, handshakeMs, maxConnections, watch } = this.#options
    const data: FrontData = {
      host,
      port: this.#port,
      path: this.#path,
      secret,
      credential: this.#credential,
      handshakeMs,
      maxConnections,
    }
    const worker = new Worker(new URL('./front-worker.ts', import.meta.url), { workerData: data })
    this.#workers.add(worker)
    return new Promise((resolve, reject) => {
      worker.on('message', (told: FrontReport) => {
        if (told.kind === 'listening') resolve(told.port)
        else if (told.kind === 'broken') watch.refused('tls_handshake')
        else reject(failure(told.reason))
      })
      worker.once('error', (error) => {
        watch.note('front failed', { error: String(error) })
        reject(error)
      })
      worker.once('exit', () => {
        this.#workers.delete(worker)
        if (!this.#closing) this.#again()
      })
    })
  }

  /** A front holds nothing but connections: another takes its place, and clients connect again. */
  #again(): void {
    setTimeout(() => {
      if (this.#closing) return
      this.#start().catch((error: unknown) => {
        this.#options.watch.note('front failed', { error: String(error) })
      })
    }, RESTART_MS).unref()
  }
}

function failure(reason: string): Error {
  return Object.assign(new Error(reason), /EADDRINUSE/.test(reason) ? { code: 'EADDRINUSE' } : {})
}
