// Holds the sink that speaks syslog over TLS (RFC 5425), or over TCP to this machine.

import { connect as connectTcp, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'

import { outboundLookup } from '../outbound.ts'
import { cefLine } from './cef.ts'
import { exportFault } from './faults.ts'
import { rendered } from './rendered.ts'
import { octetCounted, syslogMessage } from './rfc5424.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'
import { tlsTerms } from './tls-files.ts'

/** Syslog has no acknowledgement (RFC 5425 §1): what was written this long before its connection broke is sent again. */
const SETTLE_MS = 5_000
const CONNECT_MS = 10_000
const WRITE_MS = 30_000

/** One connection that is kept, and made anew after a failure. */
export class SyslogSink implements Sink {
  readonly settleMs = SETTLE_MS
  readonly #settings: SinkSettings & { kind: 'syslog' }
  readonly #version: string
  readonly #host = hostname()
  #socket: Socket | undefined
  #broken: Error | undefined

  constructor(settings: SinkSettings & { kind: 'syslog' }, version: string) {
    this.#settings = settings
    this.#version = version
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    // A connection that broke since the last time takes with it what was written on it: the caller goes back.
    const broken = this.#broken
    if (broken !== undefined) {
      this.#broken = undefined
      throw exportFault('export.undelivered', 'the connection was closed', broken)
    }
    this.#socket ??= await this.#connect()
    const frames = Buffer.concat(events.map((event) => octetCounted(this.#message(event))))
    await this.#write(this.#socket, frames)
  }

  close(): Promise<void> {
    const socket = this.#socket
    this.#socket = undefined
    if (socket === undefined) return Promise.resolve()
    socket.removeAllListeners('close')
    return new Promise((resolve) => {
      socket.once('close', () => resolve())
      socket.setTimeout(1_000, () => socket.destroy())
      socket.end()
    })
  }

  #message(event: ExportEvent): string {
    const { format } = this.#settings
    const text = format === 'cef' ? cefLine(event, this.#version) : rendered(event, format)
    return syslogMessage(event, this.#host, text)
  }

  #connect(): Promise<Socket> {
    const { address } = this.#settings
    const url = new URL(address)
    const host = url.hostname.replaceAll(/^\[|\]$/g, '')
    const at = { host, port: Number(url.port), lookup: outboundLookup }
    const secure = url.protocol === 'tls:'
    const socket = secure
      ? connectTls({
          ...at,
          ...tlsTerms(this.#settings),
          ...(/[a-z]/i.test(host) && { servername: host }),
        })
      : connectTcp(at)
    return new Promise((resolve, reject) => {
      const failed = (error: Error): void => {
        socket.destroy()
        reject(exportFault('export.undelivered', `no connection: ${words(error)}`, error))
      }
      socket.setTimeout(CONNECT_MS, () => failed(new Error('it did not answer in time')))
      socket.once('error', failed)
      socket.once(secure ? 'secureConnect' : 'connect', () => {
        socket.setTimeout(0)
        socket.removeListener('error', failed)
        socket.on('error', (error) => (this.#broken = error))
        socket.once('close', () => {
          this.#broken ??= new Error('closed by the other side')
          this.#socket = undefined
        })
        // What a collector says is nothing that this protocol knows; read, so that its end is seen.
        socket.resume()
        resolve(socket)
      })
    })
  }

  #write(socket: Socket, bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => socket.destroy(new Error('it takes nothing any more')),
        WRITE_MS,
      )
      socket.write(bytes, (error) => {
        clearTimeout(timer)
        if (error === undefined || error === null) return resolve()
        this.#broken = undefined
        reject(exportFault('export.undelivered', `writing failed: ${words(error)}`, error))
      })
    })
  }
}

function words(error: Error): string {
  return 'code' in error && typeof error.code === 'string'
    ? error.code
    : error.message.slice(0, 200)
}
