// Holds a person with a browser, as far as a real Bailiwick can tell: signed in by a link, with cookies, forms and redirects.

import { Agent, request } from 'undici'
import { z } from 'zod'
import type { Bailiwick } from './bailiwick.ts'

const Link = z.object({ url: z.string() })

/** An answer. */
export interface Page {
  readonly status: number
  /** Empty where there is none. */
  readonly location: string
  readonly text: string
}

/** The operator of a home, signed in. */
export class PersonBrowser implements AsyncDisposable {
  readonly origin: string
  readonly #agent: Agent
  readonly #cookies = new Map<string, string>()

  private constructor(port: number) {
    this.origin = `http://bailiwick.localhost:${port}`
    // A browser takes every name below localhost for this machine; Node does not.
    this.#agent = new Agent({
      connect: {
        lookup: (_name, options, found) => {
          if (options.all === true) found(null, [{ address: '127.0.0.1', family: 4 }])
          else found(null, '127.0.0.1', 4)
        },
      },
    })
  }

  /** Signs the operator in. */
  static async open(bailiwick: Bailiwick): Promise<PersonBrowser> {
    const browser = new PersonBrowser(bailiwick.controlPort)
    const { url } = await bailiwick.control.send('POST', '/v1/login-links', {}, Link)
    const secret = new URL(url).hash.slice(1)
    const { status, text } = await browser.ask(
      'POST',
      '/login/link',
      JSON.stringify({ secret }),
      'application/json',
    )
    if (status !== 200) throw new Error(`not signed in: ${status} ${text}`)
    return browser
  }

  /** Asks as a page of the listener does. */
  async ask(
    method: 'GET' | 'POST',
    path: string,
    body?: string,
    type = 'application/x-www-form-urlencoded',
  ): Promise<Page> {
    const cookie = [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await request(new URL(path, this.origin), {
      dispatcher: this.#agent,
      method,
      headers: {
        'sec-fetch-site': 'same-origin',
        ...(cookie !== '' && { cookie }),
        ...(method === 'POST' && { origin: this.origin, 'content-type': type }),
      },
      ...(body !== undefined && { body }),
    })
    const { 'set-cookie': set = [], location = '' } = answer.headers
    for (const line of [set].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      this.#cookies.set(name, value)
    }
    return { status: answer.statusCode, location: String(location), text: await answer.body.text() }
  }

  /** Sends the one form of a page, with some fields of the person's. */
  async submit(page: Page, fields: Readonly<Record<string, string>>): Promise<Page> {
    const hidden = (name: string) =>
      new RegExp(`name="${name}" value="([^"]+)"`).exec(page.text)?.[1] ?? ''
    const form = { csrf: hidden('csrf'), request: hidden('request'), ...fields }
    return this.ask('POST', '/oauth/authorize', new URLSearchParams(form).toString())
  }

  /** Goes to an authorization URL as the operator, takes the client over where nobody has, and allows it. Answers where that leads. */
  async allow(url: URL, fields: Readonly<Record<string, string>> = {}): Promise<URL> {
    const path = `${url.pathname}${url.search}`
    let page = await this.ask('GET', path)
    if (page.status === 403) {
      const owned = await this.submit(page, { action: 'own', reason: 'a test uses it' })
      if (owned.status !== 303) throw new Error(`not taken over: ${owned.status} ${owned.text}`)
      page = await this.ask('GET', owned.location)
    }
    const answer = await this.submit(page, {
      action: 'allow',
      mode: 'all',
      life: '3600',
      ...fields,
    })
    if (answer.status !== 303) throw new Error(`not allowed: ${answer.status} ${answer.text}`)
    return new URL(answer.location)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.close()
  }
}
