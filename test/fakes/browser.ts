// Holds a browser in a few lines: it keeps cookies of one host, and says of every request what a real one says.

import { CONTROL_HOST, type ControlHome } from './control.ts'

/** What a request is like. Whatever is left out is a page of ours that asks for itself. */
export interface Asks {
  readonly json?: unknown
  readonly form?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Sends the request as a navigation: a page is wanted. */
  readonly page?: boolean
  /** In place of `http://bailiwick.localhost:7400`; null sends none. */
  readonly origin?: string | null
  /** In place of `same-origin`; null sends none. */
  readonly site?: string | null
  /** In place of the cookies that it keeps. */
  readonly cookie?: string
}

/** A browser at the control API of a home. Redirects are answers. */
export class FakeBrowser {
  readonly cookies = new Map<string, string>()
  readonly #home: ControlHome

  constructor(home: ControlHome) {
    this.#home = home
  }

  async ask(method: string, path: string, asks: Asks = {}): Promise<Response> {
    const { json, form, origin = `http://${CONTROL_HOST}`, site = 'same-origin' } = asks
    const cookie =
      asks.cookie ?? [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const type = json === undefined ? 'application/x-www-form-urlencoded' : 'application/json'
    const body =
      json === undefined
        ? form === undefined
          ? undefined
          : String(new URLSearchParams({ ...form }))
        : JSON.stringify(json)
    const response = await this.#home.control.fetch(
      new Request(`http://${CONTROL_HOST}${path}`, {
        method,
        headers: {
          host: CONTROL_HOST,
          ...(cookie !== '' && { cookie }),
          ...(method !== 'GET' && origin !== null && { origin }),
          ...(site !== null && { 'sec-fetch-site': site }),
          ...(asks.page === true && { 'sec-fetch-mode': 'navigate', accept: 'text/html' }),
          ...(body !== undefined && { 'content-type': type }),
          ...asks.headers,
        },
        ...(body !== undefined && { body }),
      }),
    )
    for (const line of response.headers.getSetCookie()) this.#keep(line)
    return response
  }

  /** Sends JSON, and reads the answer; throws for another status. */
  async send(path: string, json: unknown, status = 200): Promise<Record<string, unknown>> {
    const response = await this.ask('POST', path, { json })
    const text = await response.text()
    if (response.status !== status) throw new Error(`${path}: ${response.status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }

  /** Signs a person in by a link. */
  async signIn(person: string): Promise<void> {
    const { secret } = await this.#home.authority.sessions.links.issue(person)
    await this.send('/login/link', { secret })
  }

  /** The `csrf` of a page. */
  async csrf(path = '/account'): Promise<string> {
    const text = await (await this.ask('GET', path, { page: true })).text()
    return /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? ''
  }

  #keep(line: string): void {
    const [pair = '', ...attributes] = line.split('; ')
    const [name = '', value = ''] = pair.split('=')
    if (attributes.includes('Max-Age=0')) this.cookies.delete(name)
    else this.cookies.set(name, value)
  }
}
