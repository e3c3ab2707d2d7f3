// Holds signing in with a real browser: a link, a passkey of its authenticator, an identity provider, and out again.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { actorOf } from '../fakes/authority.ts'
import { ControlHome } from '../fakes/control.ts'
import { CLIENT, IdentityProvider } from '../fakes/provider.ts'
import { systemClock } from '../../src/std/clock.ts'
import { Chromium, CHROMIUM } from './chromium.ts'

/** Folder that gets a picture of each page; absent: none are taken. */
const SHOTS = process.env['BAILIWICK_SHOTS']

let home: ControlHome
let url: string
before(async () => {
  home = await ControlHome.open()
  // The browser has a clock of its own.
  home.clock.setWall(systemClock.now())
  url = await home.listen()
})
after(() => home.close())

/** Runs with a browser; a machine that has none is told so, and passes. */
function browserTest(name: string, run: (browser: Chromium) => Promise<void>): void {
  const options = CHROMIUM === undefined ? { skip: 'no Chromium on this machine' } : {}
  test(name, options, async () => {
    const browser = await Chromium.start(CHROMIUM ?? '')
    try {
      await run(browser)
    } finally {
      await browser.close()
    }
  })
}

/** Opens an address anew: one that differs in its fragment alone would not be asked for. */
async function open(browser: Chromium, address: string): Promise<void> {
  await browser.open('about:blank')
  await browser.open(address)
}

browserTest(
  'a link opens once, a passkey is registered, and opens the next session',
  async (browser) => {
    await browser.authenticator()
    const { secret } = await home.authority.sessions.links.issue(home.ada.id)
    await open(browser, `${url}/login#${secret}`)
    await browser.until(
      'location.pathname === "/account" && document.querySelector("#register:enabled")',
    )
    assert.match(String(await browser.value('document.cookie')), /^$/, 'no script sees the cookie')
    await browser.value('document.querySelector("#register").click()')
    await browser.until('document.querySelector("li code")')
    await browser.until('document.querySelector("#presence:enabled")')
    assert.equal(home.authority.people.get(home.ada.id)?.passkeys?.length, 1)
    await browser.value('document.querySelector("#presence").click()')
    await browser.until('document.body.innerText.includes("last present")')
    await browser.value('document.querySelector("form.who button").click()')
    await browser.until(
      'location.pathname === "/login" && document.querySelector("#passkey:enabled")',
    )
    assert.deepEqual(home.authority.sessions.listOf(home.ada.id), [])
    await browser.value('document.querySelector("#passkey").click()')
    await browser.until('location.pathname === "/account"')
    assert.equal(home.authority.sessions.listOf(home.ada.id)[0]?.by, 'passkey')
    await open(browser, `${url}/login#${secret}`)
    await browser.until('document.querySelector("#trouble")?.hidden === false')
    assert.equal(await browser.value('location.hash'), '', 'the secret is gone from the address')
  },
)

browserTest(
  'who approves with a passkey sees what they sign, on a screen of a phone',
  async (browser) => {
    await browser.authenticator()
    await browser.screen(390, 844)
    const by = { person: home.ada.id }
    const agent = { name: 'payer', owner: 'ada', purpose: 'pays', roles: [], unattended: false }
    await home.authority.agents.register(agent, by)
    const fay = await home.person('fay', ['finance'])
    const { secret } = await home.authority.sessions.links.issue(fay.id)
    await open(browser, `${url}/login#${secret}`)
    await browser.until('document.querySelector("#register:enabled")')
    await browser.value('document.querySelector("#register").click()')
    await browser.until('document.querySelector("li code")')
    const { approval } = await home.authority.approvals.ask({
      callDigest: 'sha256:this-call',
      call: '01900000-0000-7000-8000-000000000001',
      actor: actorOf('payer', home.ada.id, home.ada.id),
      system: 'billing',
      action: 'create_refund',
      input: { customer: 'ACME', amount_cents: 50_000 },
      effects: ['spend'],
      gates: [{ name: 'finance, present', policy: 'refunds-above-100-need-finance' }],
      reason: 'refunds above 100 EUR are looked at by finance',
      definition: 'sha256:definition',
      policySet: 'sha256:set',
      expiresAt: home.clock.now() + 600_000,
    })
    await open(browser, `${url}/approvals/${approval.id}`)
    await browser.until('document.querySelector("form.present button:enabled")')
    const text = String(await browser.value('document.body.innerText'))
    assert.match(text, /"amount_cents": 50000/)
    assert.match(text, /the role finance; with a passkey/)
    const wide = await browser.value('document.documentElement.scrollWidth > innerWidth')
    assert.equal(wide, false, 'nothing is wider than the screen')
    if (SHOTS !== undefined) await browser.picture(`${SHOTS}/approval-phone.png`)
    await browser.value(
      'document.querySelector("form.present input").value = "the invoice is right"',
    )
    await browser.value('document.querySelector("form.present button").click()')
    await browser.until('document.body.innerText.includes("no longer waiting: approved")')
    const [agreement] = (await home.authority.approvals.get(approval.id)).agreements
    assert.equal(agreement?.person, fay.id)
    assert.ok(agreement.presence !== undefined)
  },
)

browserTest(
  'an identity provider signs somebody in, and the session is there at once',
  async (browser) => {
    const provider = await IdentityProvider.open([`${url}/login/oidc/corp/callback`])
    try {
      home.trustLogins({
        name: 'corp',
        issuer: provider.issuer,
        clientId: CLIENT.id,
        secret: CLIENT.secret,
        groupRoles: { ops: ['operator'] },
      })
      await open(browser, `${url}/account`)
      await browser.until('document.querySelector("form[action=\'/login/oidc/corp\'] button")')
      await browser.value(
        'document.querySelector("form[action=\'/login/oidc/corp\'] button").click()',
      )
      await browser.until('location.pathname === "/account" && document.querySelector("form.who")')
      const text = String(await browser.value('document.body.innerText'))
      assert.match(text, /signed in as grace-hopper/)
      assert.match(text, /through corp/)
    } finally {
      await provider.close()
    }
  },
)

browserTest(
  'no other site and no other port frames a page, or changes anything with its cookie',
  async (browser) => {
    const { secret } = await home.authority.sessions.links.issue(home.ada.id)
    await open(browser, `${url}/login#${secret}`)
    await browser.until('location.pathname === "/account"')
    const before = home.authority.sessions.listOf(home.ada.id).length
    const provider = await IdentityProvider.open([])
    try {
      const { port } = new URL(provider.issuer)
      for (const host of ['127.0.0.1', 'bailiwick.localhost']) {
        await open(browser, `http://${host}:${port}/.well-known/openid-configuration`)
        await browser.until('document.readyState === "complete"')
        await browser.value(
          `fetch(${JSON.stringify(`${url}/v1/sessions/end`)}, { method: 'POST', mode: 'no-cors', credentials: 'include' }).catch(() => 0)`,
        )
        await browser.value(
          `new Promise((done) => { const frame = document.createElement('iframe'); frame.onload = done; frame.src = ${JSON.stringify(`${url}/account`)}; document.body.append(frame) })`,
        )
        const inside = await browser.value(
          '(() => { try { return frames[0].document.body.innerText } catch { return "shut" } })()',
        )
        assert.equal(inside, 'shut', host)
      }
      assert.equal(home.authority.sessions.listOf(home.ada.id).length, before)
    } finally {
      await provider.close()
    }
  },
)
