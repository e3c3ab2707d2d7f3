// Holds a mail server for tests: SMTP over TLS from the first byte or by STARTTLS, which keeps what it takes and can be told to refuse.

import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'

/** One mail as it came in. */
export interface TakenMail {
  readonly from: string
  readonly to: readonly string[]
  readonly text: string
  /** True where all of it came under TLS. */
  readonly secure: boolean
  /** User and password that were shown, as one text. */
  readonly login: string
}

/** A server on a free port of this machine. */
export class SmtpServer {
  readonly taken: TakenMail[] = []
  /** What is answered to MAIL FROM. */
  answer = '250 ok'
  /** False: STARTTLS is neither offered nor taken. */
  offersTls = true
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #tls: { readonly key: string; readonly cert: string }
  readonly #implicit: boolean

  constructor(tls: { readonly key: string; readonly cert: string }, implicit: boolean) {
    this.#tls = tls
    this.#implicit = implicit
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      if (this.#implicit) this.#talk(this.#secured(socket), true, true)
      else this.#talk(socket, false, true)
    })
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return (this.#server.address() as AddressInfo).port
  }

  close(): void {
    for (const socket of this.#sockets) socket.destroy()
    this.#server.close()
  }

  #secured(socket: Socket): TLSSocket {
    const secureContext = createSecureContext(this.#tls)
    const secured = new TLSSocket(socket, { isServer: true, secureContext })
    secured.on('error', () => undefined)
    return secured
  }

  #talk(socket: Socket, secure: boolean, greets: boolean): void {
    let [from, login, text] = ['', '', '']
    let to: string[] = []
    let inData = false
    const say = (line: string): void => void socket.write(`${line}\r\n`)
    const hear = (line: string): void => {
      if (inData) {
        if (line !== '.') {
          text += `${line}\n`
          return
        }
        inData = false
        this.taken.push({ from, to, text, secure, login })
        return say('250 taken')
      }
      const verb = line.slice(0, 4).toUpperCase()
      if (verb === 'EHLO') {
        const more = secure ? ['250-AUTH PLAIN'] : this.offersTls ? ['250-STARTTLS'] : []
        return ['250-test', ...more, '250 8BITMIME'].forEach(say)
      }
      if (verb === 'STAR' && this.offersTls) {
        say('220 go')
        socket.removeListener('data', onData)
        return this.#talk(this.#secured(socket), true, false)
      }
      if (verb === 'AUTH') {
        login = Buffer.from(line.split(' ')[2] ?? '', 'base64').toString()
        return say('235 welcome')
      }
      if (verb === 'MAIL') {
        ;[from, to, text] = [line, [], '']
        return say(this.answer)
      }
      if (verb === 'RCPT') {
        to.push(/<(.*?)>/.exec(line)?.[1] ?? '')
        return say('250 ok')
      }
      if (verb === 'DATA') {
        inData = true
        return say('354 go on')
      }
      say(verb === 'QUIT' ? '221 bye' : '502 no')
    }
    let rest = ''
    const onData = (chunk: Buffer): void => {
      rest += chunk.toString('latin1')
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end)
        rest = rest.slice(end + 2)
        hear(line)
      }
    }
    socket.on('data', onData)
    if (greets) say('220 test')
  }
}
