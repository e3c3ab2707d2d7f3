// Holds tests of the table of routes: what is served stands in it, and who it does not name stays outside (INV-9).

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { base64url, sha256 } from '../std/bytes.ts'
import { ControlHome, type FakeOperator } from '../../test/fakes/control.ts'
import { mayUse, ROUTES, type Route } from './access.ts'
import { split } from './serve.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

const routes = Object.entries(ROUTES) as [Route, (typeof ROUTES)[Route]][]

/** A path that fits the route's schema, so that nothing but the credential can refuse it. */
function filled(route: Route): readonly [method: string, target: string] {
  const [method, path] = split(route)
  const values = {
    id: '01900000-0000-7000-8000-000000000001',
    name: 'some-name',
    index: '0',
    key: 'some-key',
    source: 'some-source',
  }
  return [method, path.replaceAll(/\{(\w+)\}/g, (_, name: keyof typeof values) => values[name])]
}

function body(method: string): { body?: unknown } {
  return method === 'GET' ? {} : { body: { reason: 'a reason' } }
}

test('the OpenAPI document has every route of the table, and no other', async () => {
  const document = await home.read('GET', '/openapi.json', { authorization: null })
  assert.equal(document['openapi'], '3.1.0')
  const paths = document['paths'] as Record<string, Record<string, { security?: unknown }>>
  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  assert.deepEqual(documented.sort(), routes.map(([route]) => route).sort())
  for (const [route, access] of routes) {
    const [method, path] = split(route)
    const { security } = paths[path]![method.toLowerCase()]!
    assert.equal(security === undefined, access === 'nobody', route)
    if (access === 'session') assert.deepEqual(security, [{ session: [] }], route)
  }
  const { components } = document as { components: { schemas: object; securitySchemes: object } }
  assert.deepEqual(Object.keys(components.securitySchemes), ['operator', 'session', 'enforcer'])
  assert.ok(Object.keys(components.schemas).includes('Problem'))
})

test('INV-9 no credential but a person’s proof opens any route that needs one', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  // An agent with a key of the right kind: certified by us perhaps, and still no person.
  const agent: FakeOperator = {
    id: '',
    name: '',
    kid: base64url(sha256(spki)),
    key: privateKey.export({ format: 'jwk' }),
  }
  const certificate = 'ab'.repeat(32)
  let closed = 0
  for (const [route, access] of routes) {
    if (access === 'nobody') continue
    closed += 1
    const [method, target] = filled(route)
    const attempts = [
      { authorization: null },
      { authorization: 'Bearer bwj1.secret.fingerprint' },
      { authorization: `Certificate ${certificate}` },
      {
        authorization: null,
        headers: {
          'x-forwarded-client-cert': `Hash=${certificate}`,
          'client-cert': `:${certificate}:`,
          'x-forwarded-for': '127.0.0.1',
          cookie: 'session=1',
        },
      },
      { as: agent },
    ]
    for (const attempt of attempts) {
      const response = await home.ask(method, target, { ...body(method), ...attempt })
      const about = `${route} ${JSON.stringify(Object.keys(attempt))}`
      if (access === 'session') {
        assert.ok([303, 403].includes(response.status), `${about}: ${response.status}`)
        if (response.status === 303) assert.match(response.headers.get('location')!, /^\/login\?/)
        assert.equal(response.headers.get('set-cookie'), null)
        continue
      }
      assert.equal(response.status, 401, about)
      const told = (await response.json()) as { code: string }
      assert.match(told.code, access === 'enforcer' ? /^enforcer\./ : /^operator\./)
    }
  }
  assert.ok(closed > 25, 'the table was looked at')
})

test('every route lets in exactly the roles of the table', async () => {
  // Who opens what, written down a second time: a slip in the table shows here.
  const opened: Readonly<Record<string, readonly string[]>> = {
    none: ['person'],
    finance: ['person'],
    viewer: ['person', 'viewer'],
    approver: ['person', 'viewer'],
    auditor: ['person', 'viewer', 'auditor'],
    operator: ['person', 'viewer', 'operator'],
  }
  const people: Record<string, FakeOperator> = {}
  for (const role of Object.keys(opened)) {
    people[role] = await home.person(`the-${role}`, role === 'none' ? [] : [role])
  }
  for (const [route, access] of routes) {
    if (access === 'nobody' || access === 'session' || access === 'enforcer') continue
    const [method, target] = filled(route)
    for (const [who, as] of Object.entries(people)) {
      const allowed = opened[who]!.includes(access)
      const response = await home.ask(method, target, { ...body(method), as })
      const endless = route.endsWith('/tail') && response.status === 200
      const text = endless ? '' : await response.text()
      await response.body?.cancel().catch(() => undefined)
      // What is recorded of refusals has the code in it as well: the answer itself has the status.
      const refused = response.status === 403 && text.includes('"api.role"')
      assert.equal(refused, !allowed, `${route} as ${who}`)
    }
  }
})

test('an administrator may do what everybody may, and nobody else may by another name', () => {
  assert.ok(mayUse('auditor', ['administrator']))
  assert.ok(!mayUse('auditor', ['operator', 'viewer', 'approver']))
  assert.ok(!mayUse('viewer', ['finance']))
  assert.ok(mayUse('operator', ['administrator']))
  assert.ok(mayUse('administrator', ['administrator']))
  assert.ok(!mayUse('administrator', ['operator']))
  assert.ok(!mayUse('operator', ['Operator', 'operators', 'finance']))
  assert.ok(mayUse('person', []))
})
