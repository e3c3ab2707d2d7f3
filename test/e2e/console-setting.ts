// Holds what tests of the console work with: a server, an agent that has called, and a browser that is signed in with a passkey.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { chromium, type Browser, type Page } from 'playwright-core'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { AUTHENTICATOR, CHROMIUM } from './chromium.ts'
import { connect, refused, textOf } from './client.ts'

const POLICIES = `
@id("workers-echo") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);
@id("echo-is-looked-at") @gate("operator") @reason("somebody looks at what is said")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "hold*" };
@id("big-words-are-signed") @gate("operator, present") @reason("whoever agrees to big words is here")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "sign*" };
@id("some-is-passed-on") @gate("operator, after 30 minutes the owner") @reason("an operator looks, or who owns it")
forbid (principal in Role::"worker", action == Action::"probe/echo", resource)
when { context.input.text like "pass*" };
@id("nobody-shouts") @reason("nobody shouts here")
forbid (principal, action == Action::"probe/echo", resource) when { context.input.text like "SHOUT*" };
`

/** Pictures of every page are a result of the build: to be looked at, never compared. */
const PICTURES = join(import.meta.dirname, '..', '..', 'build', 'pictures')
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** What a page may be read for a while before it is there (ms). */
const PATIENCE = 15_000

/** Tests of it are skipped where there is no Chromium. */
export const IN_CHROMIUM = CHROMIUM === undefined ? { skip: 'no Chromium on this machine' } : {}

/** One of each, for all tests of a file. */
export class ConsoleSetting {
  readonly bailiwick: Bailiwick
  /** The agent `worker`, which said `hello` and was denied a `SHOUT`. */
  readonly holder: Holder
  readonly page: Page
  /** What pages reported as wrong, and requests to elsewhere: to be empty at the end. */
  readonly wrong: readonly string[]
  readonly #browser: Browser

  private constructor(
    of: Pick<ConsoleSetting, 'bailiwick' | 'holder' | 'page' | 'wrong'>,
    browser: Browser,
  ) {
    this.bailiwick = of.bailiwick
    this.holder = of.holder
    this.page = of.page
    this.wrong = of.wrong
    this.#browser = browser
  }

  /** Starts everything, with more of an environment. Undefined where there is no Chromium. */
  static async start(
    environment: Readonly<Record<string, string>> = {},
  ): Promise<ConsoleSetting | undefined> {
    if (CHROMIUM === undefined) return undefined
    const bailiwick = await Bailiwick.start({ BAILIWICK_HOLD_MS: '50000', ...environment })
    await bailiwick.pin(
      'probe',
      testServer('fakes/sdk-upstream.ts', join(bailiwick.home, 'journal')),
    )
    await bailiwick.apply(POLICIES)
    await bailiwick.agent('worker', ['worker'])
    const holder = await bailiwick.enrol('worker')
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    const answer = await client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    assert.equal(textOf(answer), 'hello')
    await refused(client.callTool({ name: 'echo', arguments: { text: 'SHOUT' } }))
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    const page = await browser.newPage({ viewport: { width: 1360, height: 860 } })
    const wrong: string[] = []
    watch(page, wrong)
    await signIn(bailiwick, page)
    return new ConsoleSetting({ bailiwick, holder, page, wrong }, browser)
  }

  /** Address of a path of control. */
  at(path: string): string {
    return `http://bailiwick.localhost:${this.bailiwick.controlPort}${path}`
  }

  /** What axe finds on the page that is open, against the rules of WCAG 2.0 to 2.2, A and AA. */
  async axe(): Promise<string[]> {
    await this.page.evaluate(AXE)
    return this.page.evaluate(
      `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => id + ' ' + target + ' ' + failureSummary)))`,
    )
  }

  /** What axe finds on a page in both themes, with a picture of each. */
  async look(path: string): Promise<string[]> {
    const found: string[] = []
    for (const theme of ['light', 'dark']) {
      await this.page.evaluate((chosen) => localStorage.setItem('bailiwick-theme', chosen), theme)
      await this.page.goto(this.at(`/console${path}`))
      await this.page.locator('main h1, main p').first().waitFor()
      await this.page.locator('main [role=status] .sr-only').first().waitFor({ state: 'detached' })
      found.push(...(await this.seen(path, theme)))
    }
    return found
  }

  /** The same for what is shown now. */
  async seen(name: string, theme: string): Promise<string[]> {
    const file = `${name.replaceAll(/[^a-z]+/g, '-').replace(/^-$/, '-now')}-${theme}`
    await this.page.screenshot({ path: join(PICTURES, `page${file}.png`) })
    return (await this.axe()).map((one) => `${name} ${theme}: ${one}`)
  }

  async close(): Promise<void> {
    await this.#browser.close()
    await this.bailiwick[Symbol.asyncDispose]()
  }
}

/** Writes down what goes wrong on a page. */
function watch(page: Page, wrong: string[]): void {
  page.setDefaultTimeout(PATIENCE)
  page.on('pageerror', (error) => wrong.push(String(error)))
  page.on('console', (message) => {
    // Policies that do not hold are refused while they are typed, which a browser notes as an error of the page.
    const refusal = new URL(message.location().url || 'about:blank').pathname === '/v1/policies'
    if (message.type() === 'error' && !refusal) wrong.push(message.text())
  })
  page.on('request', (request) => {
    if (new URL(request.url()).hostname !== 'bailiwick.localhost') wrong.push(request.url())
  })
}

async function signIn(bailiwick: Bailiwick, page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  await session.send('WebAuthn.addVirtualAuthenticator', AUTHENTICATOR)
  const { stdout } = await bailiwick.cli(['login', '-o', 'json'])
  await page.goto((JSON.parse(stdout) as { url: string }).url)
  await page.waitForURL(/\/account/)
  await page.getByRole('button', { name: 'Register a passkey' }).click()
  await page.getByRole('button', { name: 'Remove' }).waitFor()
}
