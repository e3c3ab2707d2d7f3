// Holds the attacks of one administrator alone on who governs: each door ends at a proposal, and each way round it is refused.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { withAuthority } from '../fakes/authority.ts'
import { ControlHome, type ControlAsk, type FakeOperator } from '../fakes/control.ts'

let home: ControlHome
let mallory: FakeOperator
let ada: FakeOperator

before(async () => {
  home = await ControlHome.open()
  ada = home.ada
  mallory = await home.person('mallory', ['administrator'])
})

after(() => home.close())

const REASON = 'it is urgent'

function key(): { readonly publicKey: string; readonly jwk: FakeOperator['key'] } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const der = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
  return { publicKey: base64url(der), jwk: privateKey.export({ format: 'jwk' }) }
}

/** Sends what only proposes, and answers with its id. */
async function proposed(
  path: string,
  body: object,
  as = mallory,
  method = 'POST',
): Promise<string> {
  const answer = await home.read(method, path, { as, body }, 202)
  assert.equal(answer['state'], 'open')
  return String(answer['id'])
}

async function code(path: string, ask: ControlAsk, method = 'POST'): Promise<unknown> {
  const response = await home.ask(method, path, ask)
  const told = (await response.json()) as { code?: string; state?: string }
  return told.code ?? told.state
}

const word = (id: string, verb: string) => `/v1/governance/changes/${id}/${verb}`

test('one administrator gives nobody a say, by any door of the API, and takes none from another administrator', async () => {
  const vera = await home.person('vera', ['viewer'])
  const trust = { kind: 'attest-oidc', name: 'ci', issuer: 'https://evil.example', audience: 'us' }
  const staff = { kind: 'login', name: 'staff', issuer: 'https://evil.example', client_id: 'b' }
  const groups = { group_roles: { all: ['administrator'] } }
  const doors: readonly (readonly [string, object, string?])[] = [
    ['/v1/people', { name: 'puppet', roles: ['administrator'], public_key: key().publicKey }],
    [`/v1/people/${vera.id}`, { roles: ['finance', 'viewer'], reason: REASON }, 'PATCH'],
    [`/v1/people/${ada.id}/keys`, { public_key: key().publicKey }],
    [`/v1/people/${vera.id}/keys`, { public_key: key().publicKey }],
    [`/v1/people/${ada.id}/keys/${ada.kid}/remove`, { reason: REASON }],
    [`/v1/people/${ada.id}`, { roles: ['operator'], reason: REASON }, 'PATCH'],
    [`/v1/people/${ada.id}/leave`, { reason: REASON }],
    ['/v1/teams', { name: 'money', members: ['mallory'], reason: REASON }],
    ['/v1/trust', { ...trust, reason: REASON }],
    ['/v1/trust', { ...staff, ...groups, reason: REASON }],
    ['/v1/governance', { changes: 'off', reason: REASON }],
  ]
  const before = JSON.stringify([home.authority.people.list(), home.authority.teams.list()])
  for (const [path, body, method] of doors) await proposed(path, body, mallory, method)
  const after = JSON.stringify([home.authority.people.list(), home.authority.teams.list()])
  assert.equal(after, before)
  assert.deepEqual(home.authority.trust.list(), [])
  assert.equal(home.authority.governance.rule.now.changes, 'on')
  // And every other administrator is told.
  assert.equal((await home.read('GET', '/v1/whoami'))['unseen_changes'], doors.length)
})

test('neither again, nor late, nor raced, nor by an operator does one word become two', async () => {
  const id = await proposed('/v1/teams', { name: 'treasury', members: ['mallory'], reason: REASON })
  const body = { reason: REASON }
  const own = await Promise.all([0, 1, 2].map(() => code(word(id, 'agree'), { as: mallory, body })))
  assert.deepEqual(own, Array(3).fill('governance.second'))
  home.clock.advance(6 * 86_400_000)
  assert.equal(await code(word(id, 'agree'), { as: mallory, body }), 'governance.second')
  const olga = await home.person('olga', ['operator', 'approver', 'auditor'])
  for (const verb of ['agree', 'refuse']) {
    assert.equal(await code(word(id, verb), { as: olga, body }), 'api.role')
  }
  assert.equal(
    await code('/v1/governance', { as: olga, body: { changes: 'off', ...body } }),
    'api.role',
  )
  home.clock.advance(86_400_000)
  assert.equal(await code(word(id, 'agree'), { as: ada, body }), 'governance.ended')
  assert.equal(home.authority.teams.get('treasury'), undefined)
})

test('a key that was proposed for another opens nothing before it is agreed to, nor for whom it is proposed', async () => {
  const { publicKey, jwk } = key()
  const id = await proposed(`/v1/people/${ada.id}/keys`, { public_key: publicKey })
  const kid = base64url(sha256(Buffer.from(publicKey, 'base64url')))
  const asAda = { ...ada, kid, key: jwk }
  const body = { reason: REASON }
  assert.equal(await code(word(id, 'agree'), { as: asAda, body }), 'operator.unknown_key')
  // Whom it would impersonate does not agree to it either, even by mistake; the way round is a third person.
  assert.equal(await code(word(id, 'agree'), { as: ada, body }), 'governance.concerned')
})

test('locking the only other does not make somebody the second, and who is locked takes no part', async () => {
  const body = { reason: REASON }
  const id = await proposed('/v1/governance', { changes: 'off', ...body })
  await home.read('POST', '/v1/locks', {
    as: mallory,
    body: { target: { kind: 'person', name: 'ada' }, ...body },
  })
  const waits = await home.read('POST', word(id, 'agree'), { as: mallory, body })
  assert.equal(waits['state'], 'open')
  assert.equal(
    Date.parse(String(waits['from'])),
    home.clock.now() + 86_400_000,
    'a day, to be noticed',
  )
  assert.equal(await code(word(id, 'agree'), { as: mallory, body }), 'governance.wait')
  // The one who is locked locks back: then both are, and both count again.
  await home.read('POST', '/v1/locks', {
    body: { target: { kind: 'person', name: 'mallory' }, ...body },
  })
  assert.equal(await code(word(id, 'agree'), { as: mallory, body }), 'governance.second')
  assert.equal(await code(word(id, 'refuse'), { body }), 'refused')
  assert.equal(home.authority.governance.rule.now.changes, 'on')
})

test('INV-13 a change that was refused is not opened again in the database, and one that was never proposed is no change', () =>
  withAuthority(async (at, authority) => {
    const { people } = authority
    const [boss, other] = [
      await people.create({ name: 'boss', roles: ['administrator'] }),
      await people.create({ name: 'other', roles: ['administrator'] }),
    ]
    const by = { person: boss.id, reason: REASON }
    const wish = { kind: 'team-create', team: 'money', members: ['boss'] } as const
    const change = await authority.governance.ask(wish, by)
    const { id } = change!
    await authority.governance.refuse(id, { ...by, person: other.id })
    await at.editByHand(
      `update governance set state = 'agreed', doc = replace(doc, '"state":"refused"', '"state":"agreed"') where id = '${id}'`,
    )
    const again = await at.reopen()
    assert.equal(again.teams.get('money'), undefined)
    assert.throws(() => again.governance.get(id), { code: 'governance.unknown' })
    assert.equal(at.audit.last('authority.refused_rows').body['count'], 1)
  }))

test('INV-13 a rule that was set is not taken away in the database without everything being locked', () =>
  withAuthority(async (at, authority) => {
    const { id: person } = await authority.people.create({ name: 'boss', roles: ['administrator'] })
    const wish = { kind: 'rule', changes: 'on', policies: 'on' } as const
    await authority.governance.ask(wish, { person, reason: REASON })
    await at.editByHand('delete from governance_rule')
    const again = await at.reopen()
    assert.equal(again.locks.list()[0]?.id, 'integrity')
  }))
