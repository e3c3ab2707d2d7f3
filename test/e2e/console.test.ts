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
    if (message.type() === 'error') wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== 'bailiwick.localhost') wrong.push(request.url())
  })
  const { stdout } = await bailiwick.cli(['login', '-o', 'json'])
  await page.goto((JSON.parse(stdout) as { url: string }).url)
  await page.waitForURL(/\/account/)
})

after(async () => {
  await browser?.close()
  await bailiwick?.[Symbol.asyncDispose]()
})

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
  for (const theme of ['light', 'dark']) {
    await page.evaluate((chosen) => localStorage.setItem('bailiwick-theme', chosen), theme)
    for (const path of PATHS) {
      await page.goto(at(`/console${path}`))
      await page.locator('main h1, main p').first().waitFor()
      await page.locator('main [role=status] .sr-only').first().waitFor({ state: 'detached' })
      const name = `${path.replaceAll(/[^a-z]+/g, '-').replace(/^-$/, '-now')}-${theme}`
      await page.screenshot({ path: join(PICTURES, `page${name}.png`) })
      await page.evaluate(AXE)
      const violations = (await page.evaluate(
        `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
      )) as string[]
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
    assert.deepEqual(
      // A page that is not there is asked for on purpose.
      wrong.filter((one) => !one.includes('status of 404')),
      [],
    )
    await page.goto(at('/console/log'))
    await page.getByRole('heading', { name: 'The tree' }).waitFor()
    const { code, stderr } = await bailiwick.cli(['logout'])
    assert.equal(code, 0, stderr)
    await page.getByRole('dialog', { name: 'Your session has ended' }).waitFor()
  },
)
