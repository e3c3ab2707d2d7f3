// Holds the soak of the console: `npm run soak -- --minutes 30`, the page Now open under a steady load; one line of JSON out, and 1 where its memory grows.

import { parseArgs } from 'node:util'
import { setTimeout } from 'node:timers/promises'
import type { CDPSession } from 'playwright-core'
import { connect, textOf } from '../e2e/client.ts'
import { ConsoleSetting } from '../e2e/console-setting.ts'

/** Between two looks at the memory. */
const LOOK_MS = 15_000
/** A page settles before it is measured: what it keeps of calls fills up first. */
const SETTLE = 0.25
/** What may come to be in an hour, in MB: no page that is open for a working day becomes one to reload. */
const GROWTH_MAX = 4

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '30' },
    rate: { type: 'string', default: '40' },
  },
})
const minutes = Number(values.minutes)
const rate = Number(values.rate)
if (!(minutes >= 1) || !(rate >= 1)) {
  process.stderr.write('next: npm run soak -- --minutes N --rate CALLS-A-SECOND, both from 1\n')
  process.exit(2)
}

/** What is alive after a collection: bytes of the heap, and nodes of the document. */
async function alive(
  session: CDPSession,
): Promise<{ readonly mb: number; readonly nodes: number }> {
  await session.send('HeapProfiler.collectGarbage')
  const { usedSize } = await session.send('Runtime.getHeapUsage')
  const { nodes } = await session.send('Memory.getDOMCounters')
  return { mb: usedSize / 2 ** 20, nodes }
}

/** Slope of the straight line through points, by least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (at: 0 | 1): number => points.reduce((sum, one) => sum + one[at], 0) / points.length
  const [x, y] = [mean(0), mean(1)]
  const above = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return above / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}

/** Calls at a steady rate until it is stopped, one in ten denied. Answers how many were made. */
function load(setting: ConsoleSetting): { stop(): Promise<number> } {
  const start = performance.now()
  let going = true
  let made = 0
  const done = connect(setting.bailiwick, setting.holder, 'probe', { era: '2025-11-25' }).then(
    async (client) => {
      while (going) {
        const text = made % 10 === 0 ? 'SHOUT' : 'hello'
        made += 1
        await client.callTool({ name: 'echo', arguments: { text } }).then(textOf, String)
        await setTimeout(Math.max(0, start + (made * 1_000) / rate - performance.now()))
      }
    },
  )
  return {
    async stop() {
      going = false
      await done
      return made
    },
  }
}

const setting = await ConsoleSetting.start({
  BAILIWICK_BREAKER_IDENTICAL: '0',
  BAILIWICK_BREAKER_DENIALS: '0',
})
if (setting === undefined) throw new Error('no Chromium; next: apt-get install chromium')
try {
  const { page } = setting
  await page.goto(setting.at('/console/'))
  await page.getByRole('table', { name: 'Calls as they come' }).waitFor()
  const session = await page.context().newCDPSession(page)
  const calls = load(setting)
  const seen: { readonly hours: number; readonly mb: number; readonly nodes: number }[] = []
  const start = performance.now()
  while (performance.now() - start < minutes * 60_000) {
    await setTimeout(LOOK_MS)
    const hours = (performance.now() - start) / 3_600_000
    seen.push({ hours, ...(await alive(session)) })
    process.stderr.write(`${(hours * 60).toFixed(1)} min ${seen.at(-1)!.mb.toFixed(2)} MB\n`)
  }
  const made = await calls.stop()
  const settled = seen.filter(({ hours }) => hours * 60 > minutes * SETTLE)
  const growth = slope(settled.map(({ hours, mb }) => [hours, mb]))
  const nodes = slope(settled.map((one) => [one.hours, one.nodes]))
  const ok = growth <= GROWTH_MAX && setting.wrong.length === 0
  const figures = {
    minutes,
    calls: made,
    heap_first_mb: Number(settled[0]?.mb.toFixed(2)),
    heap_last_mb: Number(settled.at(-1)?.mb.toFixed(2)),
    growth_mb_per_hour: Number(growth.toFixed(2)),
    nodes_per_hour: Number(nodes.toFixed(0)),
    wrong: setting.wrong,
  }
  process.stdout.write(`${JSON.stringify({ soak: 'console', ok, figures })}\n`)
  process.exitCode = ok ? 0 : 1
} finally {
  await setting.close()
}
