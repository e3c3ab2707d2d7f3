// Holds tests of people, agents, join tokens and instances over the API, against real services.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, test } from 'node:test'
import { base64url } from '../../std/bytes.ts'
import { rfc3339 } from '../../std/clock.ts'
import { Agent, AgentsAnswer, JoinTokenAnswer } from '../../wire/api/agent.ts'
import { Instance, InstancesAnswer } from '../../wire/api/instance.ts'
import { PeopleAnswer, Person, WhoAmI } from '../../wire/api/person.ts'
import { ControlHome } from '../../../test/fakes/control.ts'
import { fakeRequest, p256 } from '../../../test/fakes/identity.ts'
import { shownEntries } from '../audit/entry.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

test('who asks is told who they are', async () => {
  const answer = await home.read('GET', '/v1/whoami')
  assert.deepEqual(WhoAmI.parse(answer), answer)
  assert.deepEqual(answer['person'], {
    id: home.ada.id,
    name: 'ada',
    roles: ['administrator', 'operator'],
  })
})

test('a person is created with a key, and that key opens the API from then on', async () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const spki = base64url(new Uint8Array(publicKey.export({ format: 'der', type: 'spki' })))
  const body = { name: 'grace', roles: ['operator'], public_key: spki }
  const made = await home.read('POST', '/v1/people', { body })
  assert.deepEqual(Person.parse(made), made)
  const { kid } = (made['credentials'] as { kid: string }[])[0]!
  const grace = {
    id: String(made['id']),
    name: 'grace',
    kid,
    key: privateKey.export({ format: 'jwk' }),
  }
  const who = await home.read('GET', '/v1/whoami', { as: grace })
  assert.equal((who['person'] as { name: string }).name, 'grace')
  const again = await home.read('POST', '/v1/people', { body }, 409)
  assert.equal(again['code'], 'person.exists')
  const people = await home.read('GET', '/v1/people')
  assert.deepEqual(PeopleAnswer.parse(people), people)
  const [record] = await home.audit.tail({ limit: 1, type: 'person.created' })
  assert.equal(record?.record.person, home.ada.id)
})

test('a key that is none is refused', async () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey
  const spki = base64url(new Uint8Array(ec.export({ format: 'der', type: 'spki' })))
  for (const key of [spki, 'A'.repeat(59)]) {
    const body = { name: 'eve', roles: [], public_key: key }
    const told = await home.read('POST', '/v1/people', { body }, 400)
    assert.equal(told['code'], 'person.key')
  }
})

test('an agent is registered, shown, changed and retired, each with who did it', async () => {
  const body = { name: 'mail-sorter', purpose: 'sorts the mail', roles: ['mail'] }
  const made = await home.read('POST', '/v1/agents', { body })
  assert.deepEqual(Agent.parse(made), made)
  assert.equal(made['owner'], 'ada')
  assert.equal(made['unattended'], false)
  const list = await home.read('GET', '/v1/agents')
  assert.deepEqual(AgentsAnswer.parse(list), list)
  const change = { state: 'suspended', purpose: 'sorted the mail', reason: 'a look first' }
  const changed = await home.read('PATCH', '/v1/agents/mail-sorter', { body: change })
  assert.equal(changed['state'], 'suspended')
  assert.equal(changed['purpose'], 'sorted the mail')
  assert.deepEqual(await home.read('GET', '/v1/agents/mail-sorter'), changed)
  const [record] = await home.audit.tail({ limit: 1, type: 'agent.suspended' })
  assert.equal(record?.record.person, home.ada.id)
  const [shown] = await shownEntries(home.authority, [record])
  assert.equal(shown?.record.body['reason'], 'a look first')
  const nothing = await home.read('PATCH', '/v1/agents/mail-sorter', { body: { reason: 'x' } }, 400)
  assert.equal(nothing['code'], 'api.invalid')
  const unknown = await home.read('GET', '/v1/agents/mail-sortre', {}, 404)
  assert.match(String(unknown['detail']), /did you mean `mail-sorter`/)
})

test('INV-4 a join token acts on behalf of who asks, and of nobody only where that is registered', async () => {
  const register = (name: string, unattended: boolean) =>
    home.read('POST', '/v1/agents', { body: { name, purpose: 'to be tried', unattended } })
  await register('attended', false)
  await register('alone', true)
  const token = await home.read('POST', '/v1/agents/attended/join-tokens', { body: {} })
  assert.deepEqual(JoinTokenAnswer.parse(token), token)
  assert.equal(token['on_behalf_of'], 'ada')
  assert.equal(token['identity_url'], 'https://127.0.0.1:7402')
  const body = { unattended: true }
  const refused = await home.read('POST', '/v1/agents/attended/join-tokens', { body }, 403)
  assert.equal(refused['code'], 'identity.attended')
  const alone = await home.read('POST', '/v1/agents/alone/join-tokens', { body })
  assert.equal(alone['on_behalf_of'], null)
})

test('an instance is shown with its person, and revoked once', async () => {
  const token = await home.read('POST', '/v1/agents/attended/join-tokens', { body: {} })
  const enrolled = await home.identities.enrol({
    token: String(token['token']),
    csr: fakeRequest(p256()),
  })
  const list = await home.read('GET', '/v1/instances?agent=attended')
  assert.deepEqual(InstancesAnswer.parse(list), list)
  const [instance] = list['instances'] as Instance[]
  assert.equal(instance?.id, enrolled.instance)
  assert.equal(instance.on_behalf_of, 'ada')
  assert.deepEqual((await home.read('GET', '/v1/instances?agent=alone'))['instances'], [])
  const agent = await home.read('GET', '/v1/agents/attended')
  assert.equal(agent['instances_live'], 1)
  const path = `/v1/instances/${enrolled.instance}/revoke`
  const revoked = await home.read('POST', path, { body: { reason: 'it went astray' } })
  assert.deepEqual(Instance.parse(revoked), revoked)
  assert.equal(revoked['state'], 'revoked')
  assert.deepEqual((await home.read('GET', '/v1/instances'))['instances'], [])
  const again = await home.read('POST', path, { body: { reason: 'twice' } }, 404)
  assert.equal(again['code'], 'identity.no_instance')
  const [record] = await home.audit.tail({ limit: 1, type: 'instance.revoked' })
  assert.equal(record?.record.person, home.ada.id)
})

test('agents come page by page in the order of their names, and by what is asked for', async () => {
  const dev = { environment: 'dev', purpose: 'is listed' }
  for (const name of ['list-c', 'list-a', 'list-b']) {
    await home.read('POST', '/v1/agents', { body: { ...dev, name } })
  }
  const first = await home.read('GET', '/v1/agents?environment=dev&limit=2')
  assert.deepEqual(AgentsAnswer.parse(first), first)
  const names = (answer: Record<string, unknown>) =>
    (answer['agents'] as Agent[]).map(({ name }) => name)
  assert.deepEqual([names(first), first['next']], [['list-a', 'list-b'], 'list-b'])
  const rest = await home.read('GET', '/v1/agents?environment=dev&limit=2&cursor=list-b')
  assert.deepEqual([names(rest), rest['next']], [['list-c'], null])
  const nobody = await home.read('GET', '/v1/agents?orphaned=true')
  assert.deepEqual(names(nobody), [])
  const owned = await home.read('GET', '/v1/agents?owner=ada&environment=dev&state=active')
  assert.equal(names(owned).length, 3)
  assert.deepEqual([first['total'], rest['total']], [3, undefined])
  const found = await home.read('GET', '/v1/agents?match=T-B&limit=1')
  assert.deepEqual([names(found), found['next'], found['total']], [['list-b'], null, 1])
  const listed = await home.read('GET', '/v1/agents?match=IS%20LISTED&idle=true')
  assert.deepEqual(names(listed), ['list-a', 'list-b', 'list-c'])
  // Not pushed off its page by others whose purpose has the text.
  const other = { name: 'a-first', purpose: 'goes before list-c' }
  await home.read('POST', '/v1/agents', { body: other })
  const named = await home.read('GET', '/v1/agents?named=LIST-C&limit=1')
  assert.deepEqual([names(named), named['total']], [['list-c'], 1])
  for (const query of [
    'limit=0',
    `match=${'a'.repeat(129)}`,
    'idle=no',
    'limit=1001',
    'cursor=..',
    'state=gone',
    'other=1',
  ]) {
    const told = await home.read('GET', `/v1/agents?${query}`, {}, 400)
    assert.equal(told['code'], 'api.invalid', query)
  }
})

test('an agent has its whole life over the API: pending, owned by a team, with dates and roles that end', async () => {
  await home.read('POST', '/v1/teams', {
    body: { name: 'mail', members: ['ada'], reason: 'a test' },
  })
  const expires = rfc3339(home.clock.now() + 86_400_000)
  const made = await home.read('POST', '/v1/agents', {
    body: {
      name: 'whole',
      purpose: 'has everything',
      owner: 'team:mail',
      state: 'pending',
      roles: [{ role: 'deploy', reason: 'on call', expires_at: expires }, 'mail'],
      environment: 'production',
      risk: 'high',
      review_at: expires,
      expires_at: expires,
      clients: ['https://client.example/metadata.json'],
      reason: 'a test',
    },
  })
  assert.deepEqual(Agent.parse(made), made)
  assert.deepEqual(
    [made['owner'], made['state'], made['roles'], made['expires_at']],
    ['team:mail', 'pending', ['deploy', 'mail'], expires],
  )
  const path = '/v1/agents/whole'
  const change = { state: 'active', expires_at: null, reason: 'go' }
  const active = await home.read('PATCH', path, { body: change })
  assert.deepEqual([active['state'], active['expires_at']], ['active', null])
  const role = { role: 'extra', reason: 'for today' }
  const more = await home.read('POST', `${path}/roles`, { body: role })
  assert.deepEqual(more['roles'], ['deploy', 'extra', 'mail'])
  const looked = await home.read('POST', `${path}/roles/extra/review`, { body: { reason: 'fine' } })
  const [, assignment] = looked['assignments'] as Agent['assignments']
  assert.deepEqual(
    [assignment?.by, assignment?.reason, assignment?.reviewed_at === null],
    ['ada', 'for today', false],
  )
  await home.read('POST', `${path}/roles/extra/remove`, { body: { reason: 'done' } })
  const again = await home.read(
    'POST',
    `${path}/roles/extra/remove`,
    { body: { reason: 'x' } },
    404,
  )
  assert.equal(again['code'], 'role.unassigned')
  const back = { state: 'pending', reason: 'back' }
  assert.equal((await home.read('PATCH', path, { body: back }, 409))['code'], 'agent.transition')
  const past = { expires_at: '2020-01-01T00:00:00Z', reason: 'x' }
  assert.equal((await home.read('PATCH', path, { body: past }, 400))['code'], 'agent.date')
})
