// Holds a real browser without a window: Chromium, driven over its own protocol (CDP), with an authenticator of its making.

import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export { CHROMIUM } from '../../bench/chromium.ts'

/** A platform authenticator that says yes to everything (WebDriver's virtual one, over CDP). */
export const AUTHENTICATOR = {
  options: {
    protocol: 'ctap2',
    transport: 'internal',
    hasResidentKey: true,
    hasUserVerification: true,
    isUserVerified: true,
    automaticPresenceSimulation: true,
  },
} as const

interface Message {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

/** One browser with one page. */
export class Chromium {
  readonly #child: ChildProcess
  readonly #profile: string
  readonly #socket: WebSocket
  readonly #waiting = new Map<number, (message: Message) => void>()
  #session = ''
  #last = 0

  private constructor(child: ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child
    this.#profile = profile
    this.#socket = socket
    socket.addEventListener('message', ({ data }) => {
      const message = JSON.parse(String(data)) as Message
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message)
    })
  }

  static async start(path: string): Promise<Chromium> {
    const profile = mkdtempSync(join(tmpdir(), 'bailiwick-chromium-'))
    const flags = [
      '--headless=new',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-dev-shm-usage',
      '--window-size=900,720',
      `--user-data-dir=${profile}`,
      '--remote-debugging-port=0',
      'about:blank',
    ]
    const child = spawn(path, flags, { stdio: ['ignore', 'ignore', 'pipe'] })
    const url = await new Promise<string>((resolve, reject) => {
      let text = ''
      child.stderr.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        const found = /DevTools listening on (ws:\S+)/.exec(text)?.[1]
        if (found !== undefined) resolve(found)
      })
      child.once('exit', () => reject(new Error('the browser ended')))
    })
    const socket = new WebSocket(url)
    await new Promise((resolve) => socket.addEventListener('open', resolve, { once: true }))
    const browser = new Chromium(child, profile, socket)
    const { targetId } = await browser.send('Target.createTarget', { url: 'about:blank' })
    const attached = await browser.send('Target.attachToTarget', { targetId, flatten: true })
    browser.#session = String(attached['sessionId'])
    await browser.send('Page.enable')
    return browser
  }

  /** Sends a command of the protocol. */
  async send(
    method: string,
    params: Record<string, unknown> = {},
  ): Promise<Record<string, unknown>> {
    const id = ++this.#last
    const sessionId = this.#session
    const answered = new Promise<Message>((resolve) => this.#waiting.set(id, resolve))
    this.#socket.send(
      JSON.stringify({ id, method, params, ...(sessionId !== '' && { sessionId }) }),
    )
    const { result = {}, error } = await answered
    this.#waiting.delete(id)
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  /** Goes somewhere, as if it had been typed. */
  async open(url: string): Promise<void> {
    await this.send('Page.navigate', { url })
  }

  /** The value of an expression in the page. */
  async value(expression: string): Promise<unknown> {
    const { result } = await this.send('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
      userGesture: true,
    })
    return (result as { value?: unknown } | undefined)?.value
  }

  /** Waits until an expression holds in the page. */
  async until(expression: string): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if ((await this.value(`Boolean(${expression})`)) === true) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    const text = await this.value('`${location.href}\n${document.body?.innerText}`')
    throw new Error(`never so: ${expression}\n${String(text)}`)
  }

  /** Gives the page a platform authenticator that says yes to everything. */
  async authenticator(): Promise<void> {
    await this.send('WebAuthn.enable')
    await this.send('WebAuthn.addVirtualAuthenticator', AUTHENTICATOR)
  }

  /** Makes the screen that of a device. */
  async screen(width: number, height: number): Promise<void> {
    const device = { width, height, deviceScaleFactor: 2, mobile: true }
    await this.send('Emulation.setDeviceMetricsOverride', device)
  }

  /** Writes a picture of the page. */
  async picture(path: string): Promise<void> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' })
    writeFileSync(path, Buffer.from(String(data), 'base64'))
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    this.#socket.close()
    this.#child.kill('SIGTERM')
    await ended
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}
