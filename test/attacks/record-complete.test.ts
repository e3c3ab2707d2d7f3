// Holds attacks on the completeness of the record: every route of the control API is tried, and none may leave nothing behind.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ROUTES, type Route } from '../../src/api/access.ts'
import { split } from '../../src/api/serve.ts'
import { RECORD_TYPES } from '../../scripts/reference/records.ts'
import { ControlHome, isQuestion } from '../fakes/control.ts'

let home: ControlHome
before(async () => (home = await ControlHome.open()))
after(() => home.close())

const CALL = '01900000-0000-7000-8000-0000000000aa'

/** Types of the records that one request left, in their order. */
async function leftBy(route: Route, as = home.ada): Promise<readonly string[]> {
  const [method, path] = split(route)
  const target = path.replaceAll(/\{\w+\}/g, CALL)
  const from = home.audit.stats().iseq
  // What is refused in great number is counted; each route is looked at by itself.
  home.clock.advance(61_000)
  const response = await home.ask(method, target, {
    as,
    ...(method !== 'GET' && { body: { a: 1 } }),
  })
  await response.body?.cancel()
  assert.notEqual(response.status, 500, route)
  const { iseq } = home.audit.stats()
  const made = await home.audit.tail({ limit: Math.max(1, iseq - from) })
  return iseq === from ? [] : made.map(({ record }) => record.type)
}

async function documented(): Promise<Route[]> {
  const document = await home.read('GET', '/openapi.json')
  const paths = Object.entries(document['paths'] as Record<string, Record<string, unknown>>)
  return paths.flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}` as Route),
  )
}

test('the OpenAPI document has every route of the table, so that none is forgotten here', async () => {
  assert.deepEqual((await documented()).sort(), Object.keys(ROUTES).sort())
})

test('INV-7 whoever is known and is refused a change leaves a record of a known type, on every route', async () => {
  const nobody = await home.person('nil', [])
  let tried = 0
  for (const route of await documented()) {
    const access = ROUTES[route]
    if (access === 'nobody' || access === 'session' || access === 'enforcer') continue
    const [method, path] = split(route)
    if (method === 'GET') continue
    // A person without a role, and one with all of them who sends nonsense.
    for (const as of access === 'person' ? [home.ada] : [nobody, home.ada]) {
      const types = await leftBy(route, as)
      tried += 1
      if (types.length === 0 && isQuestion(path)) continue
      assert.notDeepEqual(types, [], `${route} as ${as.name}`)
      for (const type of types) assert.ok(RECORD_TYPES.includes(type), `${route}: ${type}`)
    }
  }
  assert.ok(tried > 100, String(tried))
})

test('INV-7 every reading of records, of payloads and of what a call would send is on record, also one that finds nothing', async () => {
  // Verifier keys are public, as checkpoints are: they stand in the public log, and say nothing of any record.
  const readings = (await documented()).filter(
    (route) =>
      /^GET \/v1\/(?:audit\/(?!sinks|checkpoint|keys|witness|retention)|approvals\/)/.test(route) &&
      !route.endsWith('/proof'),
  )
  assert.ok(readings.length >= 7, readings.join(', '))
  for (const route of readings) {
    const types = await leftBy(route)
    const read = types.some((type) => type === 'audit.read' || type === 'request.refused')
    assert.ok(read, `${route}: ${types.join(', ')}`)
  }
})

test('INV-10 refusals in great number are counted exactly, and do not fill the disk', async () => {
  const eve = await home.person('eve', [])
  home.clock.advance(61_000)
  const from = home.audit.stats().iseq
  for (let at = 0; at < 100; at++) {
    assert.equal((await home.ask('POST', '/v1/locks', { as: eve, body: {} })).status, 403)
  }
  assert.equal(home.audit.stats().iseq - from, 60)
  home.clock.advance(61_000)
  await home.ask('POST', '/v1/locks', { as: eve, body: {} })
  const [newest] = await home.audit.tail({ limit: 1 })
  assert.equal(newest?.record.type, 'request.refused')
  assert.deepEqual(
    { ...newest.record.body },
    { route: 'POST /v1/locks', code: 'api.role', status: 403, not_recorded: 40 },
  )
})
