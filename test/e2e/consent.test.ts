// Holds consent with a real browser: the page as people see it, and where it takes them.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemNamed } from '../fakes/authority.ts'
import { ClientHost } from '../fakes/client-host.ts'
import { GATEWAY } from '../fakes/consent.ts'
import { ControlHome } from '../fakes/control.ts'
import { Chromium, CHROMIUM } from './chromium.ts'

const SHOTS = process.env['BAILIWICK_SHOTS']

/** Takes a picture where somebody wants to look. */
async function shot(browser: Chromium, name: string): Promise<void> {
  if (SHOTS !== undefined) await browser.picture(`${SHOTS}/${name}.png`)
}

/** A program on this machine that waits for an answer, and a page of somebody else. */
async function program() {
  const asked: URL[] = []
  let page = ''
  const server = createServer((request, response) => {
    asked.push(new URL(request.url ?? '/', 'http://127.0.0.1'))
    response.setHeader('content-type', 'text/html')
    response.end(page === '' ? '<title>arrived</title>back in the program' : page)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    asked,
    callback: `http://127.0.0.1:${port}/callback`,
    origin: `http://localhost:${port}`,
    show: (text: string) => (page = text),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

const options = CHROMIUM === undefined ? { skip: 'no Chromium on this machine' } : {}

test(
  'a client comes from another site, a person signs in, decides, and lands in the client',
  options,
  async () => {
    const home = await ControlHome.open()
    home.clock.setWall(systemClock.now())
    const url = await home.listen()
    const { authority, ada } = home
    await using host = await ClientHost.open()
    const client = await program()
    const browser = await Chromium.start(CHROMIUM ?? '')
    try {
      await authority.systems.pin(systemNamed('files'), { person: ada.id, reason: 'a test' })
      const query = new URLSearchParams({
        response_type: 'code',
        client_id: host.id,
        redirect_uri: client.callback,
        code_challenge: base64url(sha256('v'.repeat(43))),
        code_challenge_method: 'S256',
        resource: `${GATEWAY}/mcp/files`,
        state: 'xyz',
      })
      const authorize = `${url}/oauth/authorize?${query}`
      const { secret } = await authority.sessions.links.issue(ada.id)
      await browser.open(`${url}/login#${secret}`)
      await browser.until('location.pathname === "/account"')
      // From a page of another site: the session's cookie is SameSite=Strict.
      client.show(`<a id="go" href="${authorize.replaceAll('&', '&amp;')}">connect</a>`)
      await browser.open(`${client.origin}/`)
      await browser.until('document.querySelector("#go")')
      await browser.value('document.querySelector("#go").click()')
      await browser.until('document.querySelector("#reason")')
      await shot(browser, 'unregistered')
      await browser.value('document.querySelector("#reason").value = "we use it"')
      await browser.value('document.querySelector("button[value=own]").click()')
      await browser.until('document.querySelector("button[value=allow]")')
      await browser.value('document.querySelector("details").open = true')
      await shot(browser, 'consent')
      await browser.value('scrollTo(0, 2000)')
      await shot(browser, 'consent-below')
      client.show('')
      await browser.value('document.querySelector("button[value=allow]").click()')
      await browser.until('document.title === "arrived"')
      const { searchParams } =
        client.asked.find(({ pathname }) => pathname === '/callback') ?? new URL('http://x')
      assert.equal(searchParams.get('state'), 'xyz')
      assert.ok((searchParams.get('code') ?? '') !== '')
      await browser.open(`${url}/oauth/authorize?${query}&redirect_uri=https://evil.example/`)
      await browser.until('document.querySelector(".trouble")')
      await shot(browser, 'trouble')
    } finally {
      await browser.close()
      client.close()
      await home.close()
    }
  },
)
