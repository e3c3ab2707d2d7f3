// Holds the tests of payloads: kept off the way of a call, bounded, sealed for one person and one record, and over in time.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AuthorityHome } from '../../../test/fakes/authority.ts'
import { Payloads, type KeptPayload } from './payloads.ts'

const DAY = 86_400_000
const LEAF = 'B'.repeat(43)

async function opened(t: TestContext) {
  const home = new AuthorityHome()
  t.after(() => home.dispose())
  const authority = await home.open()
  const { id } = await authority.people.create({ name: 'ada', roles: [] })
  const troubles: unknown[] = []
  const { audit, clock, store, timer } = home
  const { subjects } = authority
  const onTrouble = (error: unknown): unknown => troubles.push(error)
  const payloads = new Payloads({ store, subjects, audit, clock, timer, onTrouble })
  const one: KeptPayload = {
    kind: 'arguments',
    call: 'call-1',
    leaf: LEAF,
    person: id,
    text: '{"to":"carol@example.com"}',
    days: 30,
  }
  return { home, authority, payloads, one, troubles, id }
}

test('what is kept is sealed at rest, and read until its days are over', async (t) => {
  const { home, payloads, one } = await opened(t)
  assert.equal(payloads.keep(one), true)
  assert.equal(
    payloads.keep({ ...one, kind: 'result', person: undefined, text: 'ok', days: 1 }),
    true,
  )
  assert.deepEqual(
    (await payloads.of('call-1')).map(({ kind, text }) => [kind, text]),
    [
      ['arguments', one.text],
      ['result', 'ok'],
    ],
  )
  assert.ok(!JSON.stringify(await home.store.payloads.all()).includes('carol'))
  home.clock.advance(DAY)
  assert.deepEqual(
    (await payloads.of('call-1')).map(({ kind }) => kind),
    ['arguments'],
  )
  assert.equal(await payloads.prune(), 0, 'at the very end it is still there')
  home.clock.advance(1)
  assert.equal(await payloads.prune(), 1)
  await payloads.close()
})

test('what there is no room for is not kept, and the caller knows at once', async (t) => {
  const { payloads, one } = await opened(t)
  assert.equal(payloads.keep({ ...one, text: 'x'.repeat(1_048_577) }), false)
  const large = 'x'.repeat(1_000_000)
  const taken = Array.from({ length: 40 }, (_, at) =>
    payloads.keep({ ...one, leaf: String(at).padStart(43, 'C'), text: large }),
  )
  assert.equal(taken.filter(Boolean).length, 16)
  await payloads.close()
  assert.equal(payloads.keep(one), false)
})

test('what was taken and could not be written is counted in the record', async (t) => {
  const { home, payloads, one, troubles } = await opened(t)
  payloads.keep(one)
  // The same record twice: the second row is refused, and the first stays.
  await payloads.flush()
  payloads.keep(one)
  await payloads.close()
  assert.equal(troubles.length, 1)
  assert.deepEqual(home.audit.last('payload.dropped').body, { lost: 1 })
})

test('a payload opens for its own record and its own person alone', async (t) => {
  const { home, payloads, one } = await opened(t)
  payloads.keep(one)
  await payloads.flush()
  const [held] = await home.store.payloads.all({ call: 'call-1' })
  const { doc } = held!
  const receipt = { id: '', leaf: LEAF, ts: '' }
  await home.store.payloads.insert({ ...doc, id: `result/${LEAF}`, kind: 'result' }, receipt)
  assert.deepEqual(
    (await payloads.of('call-1')).map(({ text }) => text),
    [one.text, undefined],
  )
  await payloads.close()
})

test('erased with its person: before the flush, after it, and while a call was under way', async (t) => {
  const { authority, payloads, one, id } = await opened(t)
  const { erasure, people } = authority
  erasure.onErasing('payloads', () => payloads.flush())
  const eve = await people.create({ name: 'eve', roles: ['administrator'] })
  payloads.keep(one)
  const done = await erasure.erase({ person: id, basis: 'gdpr-17', reason: 'asked' }, eve.id)
  assert.equal(done.counts['payloads'], 1)
  assert.deepEqual(await payloads.of('call-1'), [])
  await people.leave(id, { person: eve.id, reason: 'left' })
  await erasure.erase({ person: id, basis: 'gdpr-17', reason: 'asked' }, eve.id)
  payloads.keep(one)
  assert.deepEqual(await payloads.of('call-1'), [], 'nothing is kept of somebody who was erased')
  await payloads.close()
})
