// Holds tests of the routes of registrations: on behalf of who asks or of nobody, shown, and removed.

import assert from 'node:assert/strict'
import { afterEach, beforeEach, test } from 'node:test'
import { ControlHome } from '../../../test/fakes/control.ts'

let home: ControlHome

const SELECTORS = ['unix:uid:1000', 'unix:path:/opt/bot']

beforeEach(async () => {
  home = await ControlHome.open()
  for (const [name, unattended] of [
    ['bot', false],
    ['robot', true],
  ]) {
    await home.read('POST', '/v1/agents', { body: { name, purpose: 'is tested', unattended } })
  }
})

afterEach(() => home.close())

test('a registration is on behalf of who makes it, or of nobody, and never of anybody else', async () => {
  const body = { agent: 'bot', attestor: 'unix', selectors: SELECTORS, scope: ['fs/*'] }
  const made = await home.read('POST', '/v1/registrations', { body })
  assert.deepEqual(
    [made['on_behalf_of'], made['source'], made['selectors'], made['scope'], made['in_force']],
    ['ada', null, [...SELECTORS].sort(), ['fs/*'], true],
  )
  await home.read('POST', '/v1/registrations', { body: { ...body, unattended: true } }, 403)
  const robot = { ...body, agent: 'robot', unattended: true, composition: { code: 'sha256' } }
  const other = await home.read('POST', '/v1/registrations', { body: robot })
  assert.deepEqual([other['on_behalf_of'], other['composition']], [null, { code: 'sha256' }])
  await home.read('POST', '/v1/registrations', { body: { ...body, person: 'per_1' } }, 400)
  await home.read('POST', '/v1/registrations', { body: { ...body, agent: 'nobody' } }, 404)
  await home.read('POST', '/v1/registrations', { body: { ...body, source: 'ci' } }, 400)
  const wrong = { ...body, selectors: ['unix:path:/usr/bin/node', 'unix:uid:1000'] }
  await home.read('POST', '/v1/registrations', { body: wrong }, 400)
})

test('they are listed by pages, of one agent too, end by themselves, and are removed with a reason', async () => {
  const expires = new Date(home.clock.now() + 60_000).toISOString()
  for (let uid = 1; uid <= 3; uid++) {
    const selectors = [`unix:uid:${uid}`, 'unix:path:/opt/bot']
    const body = { agent: 'bot', attestor: 'unix', selectors, expires_at: expires }
    await home.read('POST', '/v1/registrations', { body })
    home.clock.advance(1)
  }
  interface List {
    readonly registrations: { readonly id: string; readonly in_force: boolean }[]
    readonly next: string | null
  }
  const list = async (query: string) =>
    (await home.read('GET', `/v1/registrations?${query}`)) as unknown as List
  const first = await list('limit=2')
  assert.equal(first.registrations.length, 2)
  const second = await list(`limit=2&cursor=${first.next}`)
  assert.deepEqual([second.registrations.length, second.next], [1, null])
  assert.deepEqual((await list('agent=robot')).registrations, [])
  home.clock.advance(60_000)
  assert.ok((await list('')).registrations.every(({ in_force: holds }) => !holds))
  const { id } = first.registrations[0]!
  const path = `/v1/registrations/${id}/remove`
  await home.read('POST', path, { body: {} }, 400)
  const gone = await home.read('POST', path, { body: { reason: 'is tested' } })
  assert.equal(gone['in_force'], false)
  await home.read('POST', path, { body: { reason: 'is tested' } }, 404)
  const auditor = await home.person('eve', ['auditor'])
  await home.read('GET', '/v1/registrations', { as: auditor })
  const body = { agent: 'bot', attestor: 'unix', selectors: SELECTORS }
  await home.read('POST', '/v1/registrations', { as: auditor, body }, 403)
})
