// Holds a smoke.
import { test } from 'node:test'
import { join } from 'node:path'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect } from './client.ts'
test('smoke', async () => {
  await using b = await Bailiwick.start()
  const t0 = performance.now()
  await b.pin('probe', testServer('fakes/sdk-upstream.ts', join(b.home, 'journal')))
  console.log('pin', performance.now() - t0)
  await b.apply(`@id("a") permit (principal in Role::"worker", action in [Action::"probe/echo", Action::"probe/weather"], resource);`)
  await b.agent('worker', ['worker'])
  const holder = await b.enrol('worker')
  for (const era of ['2025-11-25', '2026-07-28'] as const) {
    const c = await connect(b, holder, 'probe', { era })
    console.log((await c.listTools()).tools.map((t) => t.name))
    console.log(JSON.stringify(await c.callTool({ name: 'weather', arguments: { city: 'Rome' } })))
  }
  console.log(await b.verify())
  console.log(b.server.stderr)
})
