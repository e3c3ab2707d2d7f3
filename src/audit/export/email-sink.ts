// Holds the sink that tells people by e-mail: over TLS alone, tool and agent in plain text, a link that carries no authority.

import { connect, type Socket } from 'node:net'
import type { Transporter } from 'nodemailer'

import type { Clock } from '../../std/clock.ts'
import { outboundLookup } from '../outbound.ts'
import { exportFault } from './faults.ts'
import { noticeOf, type Notice } from './notice.ts'
import { Told } from './told.ts'
import type { ExportEvent, Sink } from './sink.ts'
import type { SinkSettings } from './settings.ts'
import { readSetting, tlsTerms } from './tls-files.ts'

const CONNECT_MS = 10_000
/** Between two answers of the server. */
const SILENCE_MS = 30_000
/** Characters of a subject. */
const SUBJECT_MAX = 160

type EmailSettings = SinkSettings & { kind: 'email' }

/** One mail for each notice, over a connection of its own. */
export class EmailSink implements Sink {
  readonly settleMs = 0
  readonly #settings: EmailSettings
  readonly #clock: Clock
  readonly #link: string
  readonly #password: string | undefined
  readonly #tls: ReturnType<typeof tlsTerms>
  readonly #told = new Told()
  #library: typeof import('nodemailer') | undefined

  /** Throws `export.settings` for a file that cannot be read. */
  constructor(settings: EmailSettings, clock: Clock, control: string) {
    const { password_file: file, username } = settings
    if ((file === undefined) !== (username === undefined)) {
      const detail = `${settings.name}: username and password_file go together`
      throw exportFault('export.settings', detail)
    }
    this.#settings = settings
    this.#clock = clock
    this.#link = settings.link ?? control
    this.#password = file === undefined ? undefined : readSetting(file).trim()
    this.#tls = tlsTerms(settings)
  }

  async send(events: readonly ExportEvent[]): Promise<void> {
    const at = { link: this.#link, now: this.#clock.now() }
    for (const event of events) {
      const notice = noticeOf(event, at)
      if (notice === undefined || this.#told.has(event.leaf)) continue
      await this.#mail(notice, event)
      this.#told.add(event.leaf)
    }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  async #mail(notice: Notice, event: ExportEvent): Promise<void> {
    const { address, from, to } = this.#settings
    const { hostname, port, protocol } = new URL(address)
    const host = hostname.replaceAll(/^\[|\]$/g, '')
    // Loaded by whom it is needed alone.
    this.#library ??= await import('nodemailer')
    const socket = await connected(host, Number(port))
    const transport: Transporter = this.#library.createTransport({
      host,
      port: Number(port),
      // Resolved here, past the guard: the library is given the connection.
      connection: socket,
      secure: protocol === 'smtps:',
      requireTLS: true,
      tls: { ...this.#tls, servername: host },
      greetingTimeout: SILENCE_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
      ...(this.#password !== undefined && {
        auth: { user: this.#settings.username, pass: this.#password },
      }),
    })
    try {
      await transport.sendMail({
        from,
        to: [...to],
        subject: `[Bailiwick] ${notice.title}`.slice(0, SUBJECT_MAX),
        text: mailText(notice),
        // The same record is the same mail, also where it is sent once more.
        messageId: `<${event.record.id}@${event.origin.split('/', 1)[0] ?? 'bailiwick'}>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
    } catch (error) {
      throw asFault(error)
    } finally {
      transport.close()
      socket.destroy()
    }
  }
}

function connected(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, lookup: outboundLookup, timeout: CONNECT_MS })
    const failed = (error?: Error): void => {
      socket.destroy()
      reject(exportFault('export.undelivered', `no answer: ${wordOf(error)}`, error))
    }
    socket.once('error', failed)
    socket.once('timeout', () => failed())
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      socket.removeAllListeners('timeout')
      socket.setTimeout(0)
      resolve(socket)
    })
  })
}

/** Plain text: there is nothing in it to be read as anything else. */
function mailText({ title, url, at }: Notice): string {
  const answer = url === undefined ? [] : ['Read it whole and answer there, signed in:', url, '']
  return [`${title}.`, '', ...answer, `Recorded ${at}. This mail carries no authority.`, ''].join(
    '\n',
  )
}

/** A mail that the server will never take is left out; whatever else went wrong is tried again. */
function asFault(error: unknown): Error {
  const { responseCode, code } = error as { responseCode?: unknown; code?: unknown }
  const status = typeof responseCode === 'number' ? responseCode : undefined
  const never = status !== undefined && status >= 500 && code !== 'EAUTH' && code !== 'ETLS'
  const detail = status === undefined ? `it failed: ${wordOf(error)}` : `it answered ${status}`
  return exportFault(never ? 'export.refused' : 'export.undelivered', detail, error)
}

function wordOf(error: unknown): string {
  if (!(error instanceof Error)) return 'nothing'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}
