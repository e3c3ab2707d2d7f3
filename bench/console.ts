// Holds the bench of the console: a browser among many agents, from the first paint to what a key takes until it shows.

import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium, type Page } from 'playwright-core'
import { Control } from '../src/cli/control/control.ts'
import { readOperator } from '../src/cli/control/operator.ts'
import type { Stack } from '../src/server/stack.ts'
import { systemClock } from '../src/std/clock.ts'
import { systemEntropy } from '../src/std/entropy.ts'
import { Agent } from '../src/wire/api/agent.ts'
import { Child } from './child.ts'
import { CHROMIUM } from './chromium.ts'
import type { Figures } from './figures.ts'
import type { GatewayOrder } from './governed/gateway-process.ts'
import { median, quantile, rounded } from './sample.ts'

const AGENTS = Number(process.env['BENCH_AGENTS'] ?? '100000')
const RUNS = 5
/** Registered at once. */
const BATCH = 64
const CLI = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts')

/** Names as companies give them, all different. */
function nameOf(at: number): string {
  const kinds = ['billing', 'support', 'sales', 'deploy', 'review', 'search', 'import', 'report']
  return `${kinds[at % kinds.length]!}-${String(at).padStart(6, '0')}`
}

async function register(home: string): Promise<void> {
  const control = new Control(readOperator(home), {
    clock: systemClock,
    entropy: systemEntropy,
    interrupted: new AbortController().signal,
  })
  for (let done = 0; done < AGENTS; done += BATCH) {
    const some = Array.from({ length: Math.min(BATCH, AGENTS - done) }, (_, at) => done + at)
    const body = (at: number) => ({ name: nameOf(at), purpose: `does the work number ${at}` })
    await Promise.all(some.map((at) => control.send('POST', '/v1/agents', body(at), Agent)))
    if (done % 6_400 === 0) process.stderr.write(`${done} of ${AGENTS} agents\n`)
  }
}

/** Milliseconds from when work begins until what is looked for is there. */
async function took(work: () => Promise<unknown>): Promise<number> {
  const start = systemClock.monotonic()
  await work()
  return systemClock.monotonic() - start
}

/** Longest of what a key or a click took until the next frame (Event Timing), in ms; 16 is the least that is told. */
const OBSERVE = `globalThis.slowest = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) slowest.push(one.duration) })
  .observe({ type: 'event', durationThreshold: 16, buffered: true })`

async function paint(page: Page): Promise<number> {
  return page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        new PerformanceObserver((list) => {
          const found = list.getEntriesByName('first-contentful-paint')[0]
          if (found !== undefined) resolve(found.startTime)
        }).observe({ type: 'paint', buffered: true })
      }),
  )
}

/** Gaps between frames while the list is scrolled for two seconds, in ms. */
async function scrolled(page: Page): Promise<number[]> {
  return page.evaluate(async () => {
    const list = document.querySelector('[role=table]')!
    let box: Element = list
    for (let at: Element | null = list; at !== null; at = at.parentElement)
      if (at.scrollHeight > at.clientHeight + 10) box = at
    const gaps: number[] = []
    let last = performance.now()
    const end = last + 2_000
    while (last < end) {
      await new Promise(requestAnimationFrame)
      const now = performance.now()
      gaps.push(now - last)
      last = now
      box.scrollBy(0, 240)
    }
    return gaps
  })
}

/**
 * Measures. `paint_…`: first contentful paint, with nothing kept by the browser and then with its files kept. `list_ms`: until rows of the
 * inventory are there. `search_ms`: from the last key until the one row that is meant. `open_ms`: until its page is there.
 * `event_p98_ms`: what keys and clicks took until the next frame, of those of 16 ms and more.
 */
export async function consoleBench(closing: Stack): Promise<Figures> {
  if (CHROMIUM === undefined) throw new Error('no Chromium; next: apt-get install chromium')
  if (!Number.isSafeInteger(AGENTS) || AGENTS < RUNS + 1) {
    throw new Error(`BENCH_AGENTS is a number from ${RUNS + 1}`)
  }
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  closing.push(() => rmSync(folder, { recursive: true, force: true }))
  const home = join(folder, 'home')
  const program = new URL('./governed/gateway-process.ts', import.meta.url)
  const server = new Child(program, [home])
  closing.push(() => server.close())
  await server.order({ do: 'urls' } satisfies GatewayOrder)
  const registered = await took(() => register(home))
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  closing.push(() => browser.close())
  const login = [CLI, '--home', home, 'login', '-o', 'json']
  const { stdout } = await promisify(execFile)(process.execPath, login)
  const page = await browser.newPage({ viewport: { width: 1360, height: 860 } })
  const { url } = JSON.parse(stdout) as { url: string }
  await page.goto(url)
  // Where one is led that has no passkey yet: by then the session is there.
  await page.waitForURL(/\/(?:account|console)/)
  const at = (path: string): string => new URL(`/console${path}`, url).href
  await page.goto(at('/'))
  const cold = await paint(page)
  const seen = { paint: [] as number[], list: [] as number[], search: [] as number[] }
  const open: number[] = []
  const events: number[] = []
  let gaps: number[] = []
  for (let run = 0; run < RUNS; run += 1) {
    seen.list.push(
      await took(async () => {
        await page.goto(at('/agents'))
        await page.getByRole('row').nth(3).waitFor()
      }),
    )
    seen.paint.push(await paint(page))
    await page.evaluate(OBSERVE)
    gaps = [...gaps, ...(await scrolled(page))]
    const wanted = nameOf(Math.floor((AGENTS / (RUNS + 1)) * (run + 1)))
    await page.getByLabel('Name or purpose').pressSequentially(wanted.slice(0, -1), { delay: 40 })
    seen.search.push(
      await took(async () => {
        await page.keyboard.type(wanted.slice(-1))
        await page.getByText('1 agent', { exact: true }).waitFor()
      }),
    )
    open.push(
      await took(async () => {
        await page.getByRole('row').filter({ hasText: wanted }).click()
        await page.getByRole('heading', { name: wanted }).waitFor()
      }),
    )
    events.push(...(await page.evaluate(() => Reflect.get(globalThis, 'slowest') as number[])))
  }
  return {
    agents: AGENTS,
    registered_per_s: rounded((AGENTS * 1_000) / registered, 0),
    paint_cold_ms: rounded(cold, 0),
    paint_ms: rounded(median(seen.paint), 0),
    list_ms: rounded(median(seen.list), 0),
    search_ms: rounded(median(seen.search), 0),
    open_ms: rounded(median(open), 0),
    event_p98_ms: rounded(quantile(events, 0.98), 0),
    frame_p50_ms: rounded(median(gaps), 1),
    frame_p98_ms: rounded(quantile(gaps, 0.98), 1),
  }
}
