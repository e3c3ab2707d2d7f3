// Holds the console in a real browser against a real server with a real agent: every page in both themes, and the jobs that it is for.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { Locator, Page } from 'playwright-core'
import type { Holder } from '../../src/cli/identity/holder.ts'
import type { Bailiwick } from './bailiwick.ts'
import { connect, textOf } from './client.ts'
import { ConsoleSetting, IN_CHROMIUM as options } from './console-setting.ts'

/** Script, markup and a direction mark, as an agent would send them to whoever looks. */
const HOSTILE = 'hold <img src=x onerror="document.title=1"> \u202etxt.exe'

let setting: ConsoleSetting
let bailiwick: Bailiwick
let holder: Holder
let page: Page

before(async () => {
  const started = await ConsoleSetting.start()
  if (started === undefined) return
  setting = started
  ;({ bailiwick, holder, page } = setting)
})

after(() => setting?.close())

function at(path: string): string {
  return setting.at(path)
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
    await page.getByRole('button', { name: 'Approve once with a passkey' }).click()
    assert.equal(textOf(await call), 'sign this')
  },
)

/** Pastes a text in place of all that stands there. What drivers do instead makes markup with styles, which the CSP stops. */
async function pasted(text: Locator, words: string): Promise<void> {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write'])
  await page.evaluate((copied) => navigator.clipboard.writeText(copied), words)
  await text.press('Control+a')
  await text.press('Control+v')
}

/** Writes a policy as somebody does: by choosing what is offered. */
async function written(text: Locator): Promise<void> {
  await text.press('Control+End')
  await page.keyboard.type('@id("nobody-whispers") forbid (principal, action == Action::"probe/ec')
  const offered = page.getByRole('listbox').getByRole('option')
  await offered.getByText('probe/echo').click()
  await page.keyboard.type(', resource) when { context.inp')
  await offered.getByText('input', { exact: true }).click()
  await page.keyboard.type('.te')
  await offered.getByText('text', { exact: true }).click()
  await page.keyboard.type(' like "hello*"')
  await page.keyboard.press('Escape')
  await page.keyboard.press('End')
  await page.keyboard.type(';')
}

test(
  'a policy is checked while one types, held against what agents did, and applied',
  options,
  async () => {
    await page.goto(at('/console/policy'))
    const shown = page.locator('pre[aria-label$=".cedar"]')
    const before = (await shown.textContent()) ?? ''
    await page.getByRole('button', { name: 'Change' }).first().click()
    // Of the editor, not of what stands there while it loads.
    const text = page.locator('[role=textbox][aria-label$=".cedar"]')
    await text.waitFor()
    await pasted(text, `${before}\n@id("unfinished") permit (principal`)
    await page
      .getByRole('alert')
      .getByText(/\.cedar:\d+:\d+: /)
      .waitFor()
    await page.locator('.cm-lint-marker-error').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Apply' }).isDisabled())
    await pasted(text, `${before}\n`)
    await written(text)
    assert.deepEqual(await setting.seen('/policy-editor', 'light'), [])
    // The keyboard is not trapped in it (WCAG 2.2, 2.1.2).
    await text.press('Escape')
    await text.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.shadowRoot ?? null), null)
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
  const found: string[] = []
  await page.goto(at('/console/'))
  await page.evaluate('document.body.append(document.createElement("img"))')
  assert.match(
    (await setting.axe()).join(),
    /image-alt/,
    'a picture that nobody describes is found',
  )
  for (const path of PATHS) found.push(...(await setting.look(path)))
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
    assert.deepEqual(setting.wrong, [])
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
