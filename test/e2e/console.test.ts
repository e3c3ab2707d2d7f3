// Holds the console in a real browser against a real server with a real agent: every page in both themes, and the jobs that it is for.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { CHROMIUM } from './chromium.ts'
import { connect, refused, textOf } from './client.ts'

const POLICIES = `
@id("workers-echo") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);
@id("echo-is-looked-at") @gate("operator") @reason("somebody looks at what is said")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
@id("big-words-are-signed") @gate("operator, present") @reason("whoever agrees to big words is here")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "sign*" };
@id("nobody-shouts") @reason("nobody shouts here")
forbid (principal, action == Action::"probe/echo", resource) when { context.input.text like "SHOUT*" };
`

/** Pictures of every page are a result of the build: to be looked at, never compared. */
const PICTURES = join(import.meta.dirname, '..', '..', 'build', 'pictures')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Script, markup and a direction mark, as an agent would send them to whoever looks. */
const HOSTILE = 'hold <img src=x onerror="document.title=1"> \u202etxt.exe'

/** What a page may be read for a while before it is there (ms). */
const PATIENCE = 15_000

let bailiwick: Bailiwick
let holder: Holder
let browser: Browser
let page: Page
const wrong: string[] = []

before(async () => {
  if (CHROMIUM === undefined) return
  bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '50000' })
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', join(bailiwick.home, 'journal')))
  await bailiwick.apply(POLICIES)
  await bailiwick.agent('worker', ['worker'])
  holder = await bailiwick.enrol('worker')
  const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
  assert.equal(
    textOf(await client.callTool({ name: 'echo', arguments: { text: 'hello' } })),
    'hello',
  )
  await refused(client.callTool({ name: 'echo', arguments: { text: 'SHOUT' } }))
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  page = await browser.newPage({ viewport: { width: 1360, height: 860 } })
  page.setDefaultTimeout(PATIENCE)
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('console', (message) => {
    // Policies that do not hold are refused while they are typed, which a browser notes as an error of the page.
    const refused = new URL(message.location().url || 'about:blank').pathname === '/v1/policies'
    if (message.type() === 'error' && !refused) wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== 'bailiwick.localhost') wrong.push(request.url())
  })
  await platformAuthenticator(page)
  const { stdout } = await bailiwick.cli(['login', '-o', 'json'])
  await page.goto((JSON.parse(stdout) as { url: string }).url)
  await page.waitForURL(/\/account/)
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByRole('button', { name: 'Remove' }).waitFor()
})

after(async () => {
  await browser?.close()
  await bailiwick?.[Symbol.asyncDispose]()
})

/** Gives a page an authenticator that says yes to everything (WebDriver's, over Chromium's own protocol). */
async function platformAuthenticator(of: Page): Promise<void> {
  const session = await of.context().newCDPSession(of)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
}

/** What axe finds on the page that is open, against the rules of WCAG 2.0 to 2.2, A and AA. */
async function axe(): Promise<string[]> {
  await page.evaluate(AXE)
  return page.evaluate(
    `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
  )
}

const options = CHROMIUM === undefined ? { skip: 'no Chromium on this machine' } : {}

function at(path: string): string {
  return `http://bailiwick.localhost:${bailiwick.controlPort}${path}`
}

test(
  'the console stands at the root, finds what was asked, and says why a call was denied',
  options,
  async () => {
    await page.goto(at('/'))
    await page.getByRole('heading', { name: 'Now' }).waitFor()
    await page
      .getByRole('table', { name: 'Calls as they come' })
      .getByText('denied', { exact: true })
      .waitFor()
    // From the question to its evidence: what worker did, why one call was denied.
    await page.keyboard.press('/')
    await page.getByRole('combobox').fill('worker')
    await page.getByRole('option', { name: 'worker agent' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: /worker/ }).waitFor()
    await page.getByRole('tab', { name: 'Calls' }).click()
    await page.getByRole('row').filter({ hasText: 'denied' }).click()
    await page.getByText('nobody shouts here').first().waitFor()
    await page.getByText('nobody-shouts').first().waitFor()
    await page.getByRole('link', { name: '.tlog-proof' }).waitFor()
  },
)

test('a held call is shown as it is, inert, and runs once somebody agrees', options, async () => {
  const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
  const call = client.callTool({ name: 'echo', arguments: { text: HOSTILE } })
  await bailiwick.held()
  await page.goto(at('/console/approvals'))
  await page.getByRole('button', { name: /worker/ }).waitFor()
  await page.keyboard.press('j')
  const shown = page.getByLabel('Arguments')
  await shown.waitFor()
  const text = (await shown.textContent()) ?? ''
  assert.ok(text.includes('<img src=x') && text.includes('⟨U+202E⟩'), text)
  assert.equal(await page.locator('main img').count(), 0)
  await page.getByLabel('Why').fill('looks odd, and is harmless')
  await page.getByRole('button', { name: 'Approve once' }).click()
  // What comes back is inspected: the mark that turns text around is gone by then.
  assert.equal(textOf(await call), HOSTILE.replace('\u202e', ''))
  await page.getByText('Nothing waits').waitFor()
  await page.goto(at('/console/'))
  await page
    .getByRole('table', { name: 'Calls as they come' })
    .getByText('worker')
    .first()
    .waitFor()
  await page
    .locator('figcaption')
    .getByText(/held\s*1/)
    .waitFor()
  // It was held, and ran: the list says the latter; on its agent fall the calls that were answered, one of them denied.
  await page.getByRole('list', { name: 'Calls by agent' }).getByText(/^3$/).waitFor()
  const list = page.getByRole('table', { name: 'Calls as they come' })
  assert.equal(await list.getByText('held', { exact: true }).count(), 0)
})

test(
  'INV-6 where the gate asks for presence, the passkey of who agrees signs this very call',
  options,
  async () => {
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    const call = client.callTool({ name: 'echo', arguments: { text: 'sign this' } })
    const { id } = await bailiwick.held()
    await page.goto(at(`/console/approvals?id=${id}`))
    await page.getByLabel('Why').fill('I am here')
    await page.getByRole('button', { name: 'Sign with a passkey' }).click()
    assert.equal(textOf(await call), 'sign this')
  },
)

test(
  'a policy is checked while one types, held against what agents did, and applied',
  options,
  async () => {
    await page.goto(at('/console/policy'))
    await page.getByRole('button', { name: 'Change' }).first().click()
    const text = page.getByRole('textbox', { name: /\.cedar$/ })
    const before = await text.inputValue()
    await text.fill(`${before}\n@id("unfinished") permit (principal`)
    await page
      .getByRole('alert')
      .getByText(/\.cedar:\d+:\d+: /)
      .waitFor()
    assert.ok(await page.getByRole('button', { name: 'Apply' }).isDisabled())
    await text.fill(
      `${before}\n@id("nobody-whispers") forbid (principal, action == Action::"probe/echo", resource) when { context.input.text like "hello*" };\n`,
    )
    await page.getByRole('status').getByText('nobody-whispers').waitFor()
    await page.getByRole('button', { name: 'Hold against the last seven days' }).click()
    await page.getByText('1 newly denied').waitFor()
    await page.getByLabel('Why').fill('whispers are not for here')
    await page.getByRole('button', { name: 'Apply' }).click()
    await text.waitFor({ state: 'detached' })
    await page.locator('code').getByText('nobody-whispers', { exact: true }).waitFor()
    await page.goto(at('/console/policy?tab=versions'))
    await page.getByText('whispers are not for here').waitFor()
  },
)

test('the first steps are those of the README, word for word', () => {
  const root = join(import.meta.dirname, '..', '..')
  const guide = readFileSync(join(root, 'console', 'pages', 'guide', 'guide.tsx'), 'utf8')
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const steps = [...guide.matchAll(/^\s*(['`])(bin\/bailiwick .*)\1,$/gm)].map(
    ([, , step]) => step!,
  )
  assert.equal(steps.length, 4)
  assert.deepEqual(
    steps.filter((step) => !readme.includes(`\n${step}\n`)),
    [],
  )
})

const PATHS = [
  '/',
  '/agents',
  '/agents/worker',
  '/agents/worker?tab=reach',
  '/agents/worker?tab=instances',
  '/calls',
  '/calls?q=decision%3Adeny',
  '/tasks',
  '/approvals',
  '/findings',
  '/policy',
  '/policy?tab=versions',
  '/policy?tab=proposals',
  '/systems',
  '/systems/probe',
  '/locks',
  '/people',
  '/gateways',
  '/log',
  '/guide',
  '/glossary',
  '/nowhere',
]

test('WCAG 2.2 AA: axe finds nothing on any page, in either theme', options, async () => {
  mkdirSync(PICTURES, { recursive: true })
  const found: string[] = []
  await page.goto(at('/console/'))
  await page.evaluate('document.body.append(document.createElement("img"))')
  assert.match((await axe()).join(), /image-alt/, 'a picture that nobody describes is found')
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => localStorage.setItem('bailiwick-theme', chosen), theme)
    for (const path of PATHS) {
      await page.goto(at(`/console${path}`))
      await page.locator('main h1, main p').first().waitFor()
      await page.locator('main [role=status] .sr-only').first().waitFor({ state: 'detached' })
      const name = `${path.replaceAll(/[^a-z]+/g, '-').replace(/^-$/, '-now')}-${theme}`
      await page.screenshot({ path: join(PICTURES, `page${name}.png`) })
      const violations = await axe()
      found.push(...violations.map((one) => `${path} ${theme}: ${one}`))
    }
  }
  assert.deepEqual(found, [])
})

test(
  'one click and one confirmation stop an agent, and every gateway says so',
  options,
  async () => {
    await page.goto(at('/console/agents/worker'))
    await page.getByRole('button', { name: 'Lock it' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Why').fill('it shouts')
    await dialog.getByRole('button', { name: 'Lock worker' }).click()
    await dialog.getByRole('cell', { name: 'confirmed' }).waitFor()
    const client = connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    await assert.rejects(
      client.then((one) => one.callTool({ name: 'echo', arguments: { text: 'still here' } })),
    )
    await page.keyboard.press('Escape')
    await page.locator('main h1').getByText('locked', { exact: true }).waitFor()
  },
)

test(
  'a session that ends is told in place; nothing left this listener, no script failed, nothing broke the CSP',
  options,
  async () => {
    assert.deepEqual(wrong, [])
    await page.goto(at('/console/log'))
    await page.getByRole('heading', { name: 'The tree' }).waitFor()
    const { code, stderr } = await bailiwick.cli(['logout'])
    assert.equal(code, 0, stderr)
    const dialog = page.getByRole('dialog', { name: 'Your session has ended' })
    await dialog.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await dialog.waitFor({ state: 'detached' })
    assert.equal(new URL(page.url()).pathname, '/console/log')
  },
)
