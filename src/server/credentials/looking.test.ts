// Holds the tests of what a system is looked at with.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { CredentialWorld } from '../../../test/fakes/credential-world.ts'
import { grants } from '../../../test/fakes/token-server.ts'

const url = 'https://crm.example/mcp'
const reach = { private: true }

test('a look goes out with the values that were given, of any kind, and stores nothing', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint } = world
  const header = { kind: 'header', header: 'X-Key', secret: 'KEY' } as const
  const of = {
    system: 'crm',
    transport: { kind: 'mcp', url, auth: header, reach },
    person: 'per_ada',
  } as const
  const seen = await world.credentials.look({ ...of, values: { KEY: 'given' } })
  assert.deepEqual([seen.headers, seen.secrets], [{ 'x-key': 'given' }, ['given']])
  await assert.rejects(world.credentials.look({ ...of, values: {} }), faultOf('credential.missing'))
  endpoint.script = grants({ access_token: 'at-1', expires_in: 60 })
  const tokenUrl = `${endpoint.url}/token`
  const auth = { kind: 'client_credentials', tokenUrl, clientId: 'us', secret: 'CLIENT' } as const
  const minted = await world.credentials.look({
    ...of,
    transport: { kind: 'mcp', url, auth, reach },
    values: { CLIENT: 'given' },
  })
  assert.deepEqual(minted.headers, { authorization: 'Bearer at-1' })
  assert.deepEqual(world.authority.secrets.list(), [])
})

test('INV-3 what is stored for a system is not sent to another address that is looked at under its name', async () => {
  await using world = await CredentialWorld.open()
  const auth = { kind: 'header', header: 'X-Key', secret: 'KEY' } as const
  await world.system('crm', auth, url)
  await world.secret('crm', 'KEY', 'stored')
  const of = { system: 'crm', person: 'per_eve', values: {} }
  const same = { kind: 'mcp', url: `${url}/v2`, auth, reach } as const
  assert.deepEqual((await world.credentials.look({ ...of, transport: same })).headers, {
    'x-key': 'stored',
  })
  const other = { ...same, url: 'https://evil.example/mcp' }
  await assert.rejects(
    world.credentials.look({ ...of, transport: other }),
    faultOf('credential.missing'),
  )
})

test('who looks at a system that is called as its users consents first, and nobody else can', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint, credentials } = world
  const auth = {
    kind: 'user',
    authorizationUrl: 'https://login.example/authorize',
    tokenUrl: `${endpoint.url}/token`,
    clientId: 'us',
    secret: 'CLIENT',
  } as const
  const transport = { kind: 'mcp', url, auth, reach } as const
  const look = { system: 'crm', transport, values: { CLIENT: 'given' }, person: 'per_ada' }
  const { consents } = credentials
  assert.throws(() => consents.offer('crm', 'per_ada'), faultOf('credential.not_personal'))
  await assert.rejects(
    credentials.look(look),
    faultOf('credential.consent_needed', /connect\/crm$/),
  )
  assert.equal(consents.offer('crm', 'per_ada').provider, 'https://login.example')
  assert.throws(() => consents.offer('crm', 'per_bob'), faultOf('credential.not_personal'))
  const at = { system: 'crm', person: 'per_ada', session: 'one' }
  const state = new URL(consents.begin(at)).searchParams.get('state')!
  endpoint.script = grants({ access_token: 'of ada', expires_in: 3600 })
  await consents.finish(at, new URLSearchParams({ code: 'c', state }))
  const { headers } = await credentials.look(look)
  assert.deepEqual(headers, { authorization: 'Bearer of ada' })
  // Pinned as it was looked at, the consent holds; looked at somewhere else, it does not.
  const pinned = await world.pin('crm', transport)
  await world.secret('crm', 'CLIENT', 'given')
  assert.deepEqual((await world.equip(pinned, { person: 'per_ada' })).headers, headers)
  const elsewhere = { ...look, transport: { ...transport, url: 'https://evil.example' } }
  await assert.rejects(credentials.look(elsewhere), faultOf('credential.consent_needed'))
})
