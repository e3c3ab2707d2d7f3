// Holds the tests of equipping calls: one by one, every kind of authentication.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { CredentialWorld } from '../../../test/fakes/credential-world.ts'
import { grants, refuses } from '../../../test/fakes/token-server.ts'
import { readJws } from '../../wire/jwt.ts'

const lasting = { access_token: 'at-1', expires_in: 3600 }

test('a call that is not on record gets nothing', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
  await world.secret('crm', 'KEY', 'a value')
  await assert.rejects(world.equip(system, { recorded: false }), faultOf('credential.no_intent'))
})

test('a header: the value after its prefix, named in the record and cut from answers', async () => {
  await using world = await CredentialWorld.open()
  const auth = { kind: 'header', header: 'Authorization', prefix: 'Token ', secret: 'KEY' } as const
  const system = await world.system('crm', auth)
  await assert.rejects(world.equip(system), faultOf('credential.missing', /^crm needs KEY/))
  await world.secret('crm', 'KEY', 'a value')
  const { headers, secrets, used, account } = await world.equip(system)
  assert.deepEqual(headers, { authorization: 'Token a value' })
  assert.deepEqual([secrets, used], [['a value'], ['secret:KEY@v1']])
  await world.secret('crm', 'KEY', 'another')
  const next = await world.equip(system)
  assert.notEqual(next.account, account)
  await world.secret('crm', 'KEY', 'two\r\nLines: 1')
  await assert.rejects(world.equip(system), faultOf('credential.value'))
  const word = { person: 'per_1', reason: 'over' }
  await world.authority.secrets.remove('crm', 'KEY', word)
  await assert.rejects(world.equip(system), faultOf('credential.missing'))
})

test('several headers, and a parameter of the URL', async () => {
  await using world = await CredentialWorld.open()
  const more = [{ header: 'X-App', prefix: 'app ', secret: 'APP' }]
  const auth = { kind: 'header', header: 'X-Key', secret: 'KEY', more } as const
  const system = await world.system('crm', auth)
  await world.secret('crm', 'KEY', 'a value')
  await assert.rejects(world.equip(system), faultOf('credential.missing', /needs APP/))
  await world.secret('crm', 'APP', 'another')
  const { headers, secrets, used } = await world.equip(system)
  assert.deepEqual(headers, { 'x-key': 'a value', 'x-app': 'app another' })
  assert.deepEqual(
    [secrets, used],
    [
      ['a value', 'another'],
      ['secret:KEY@v1', 'secret:APP@v1'],
    ],
  )
  const asked = await world.system('maps', { kind: 'query', parameter: 'api_key', secret: 'KEY' })
  await world.secret('maps', 'KEY', 'a&b')
  const { query, secrets: cut } = await world.equip(asked)
  assert.deepEqual([query, cut], [{ api_key: 'a&b' }, ['a&b']])
})

test('a value that has ended is not used', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
  const expiresAt = world.home.clock.now() + 1_000
  await world.authority.secrets.put('crm', 'KEY', 'a value', { person: 'per_1', expiresAt })
  await world.equip(system)
  world.home.clock.advance(1_000)
  await assert.rejects(world.equip(system), faultOf('credential.ended'))
})

test('basic: user-id and password, both forms of which are cut', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'basic', user: 'robot', secret: 'PASSWORD' })
  await world.secret('crm', 'PASSWORD', 'pässword')
  const { headers, secrets } = await world.equip(system)
  const pair = Buffer.from('robot:pässword').toString('base64')
  assert.deepEqual(headers, { authorization: `Basic ${pair}` })
  assert.deepEqual(secrets, ['pässword', pair])
})

test('a program: the variables that its transport names, and no other', async () => {
  await using world = await CredentialWorld.open()
  const transport = { kind: 'stdio', command: '/bin/x', args: [], env: ['TOKEN', 'UNSET'] } as const
  const system = await world.pin('files', transport)
  await world.secret('files', 'TOKEN', 'for it')
  await world.secret('files', 'OTHER', 'not for it')
  const { environment, account, used } = await world.equip(system)
  assert.deepEqual({ ...environment }, { TOKEN: 'for it' })
  assert.deepEqual([account, used], ['secret:TOKEN@v1', ['secret:TOKEN@v1']])
  await world.authority.secrets.remove('files', 'TOKEN', { person: 'per_1', reason: 'over' })
  await assert.rejects(world.equip(system), faultOf('credential.missing', /was removed/))
})

test('client credentials: one token for as long as it lasts, fetched once however many wait (RFC 6749 §4.4)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint, home } = world
  const system = await world.system('crm', {
    kind: 'client_credentials',
    tokenUrl: `${endpoint.url}/token`,
    clientId: 'us',
    secret: 'CLIENT',
    scope: 'read',
    resource: 'https://api.example/',
  })
  await world.secret('crm', 'CLIENT', 'p&ss wörd')
  endpoint.script = grants(lasting)
  const many = await Promise.all(Array.from({ length: 20 }, () => world.equip(system)))
  assert.equal(endpoint.asked.length, 1)
  const [asked] = endpoint.asked
  assert.deepEqual(Object.fromEntries(asked!.form), {
    grant_type: 'client_credentials',
    scope: 'read',
    resource: 'https://api.example/',
  })
  // §2.3.1: both halves are form-encoded first.
  const pair = Buffer.from(asked!.headers.authorization!.slice(6), 'base64').toString()
  assert.equal(pair, 'us:p%26ss+w%C3%B6rd')
  for (const { headers, secrets } of many) {
    assert.deepEqual(headers, { authorization: 'Bearer at-1' })
    assert.deepEqual(secrets, ['at-1', 'p&ss wörd'])
  }
  endpoint.script = grants({ access_token: 'at-2', expires_in: 3600 })
  home.clock.advance(3_600_000 - 30_000 - 1)
  assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-1')
  home.clock.advance(1)
  assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-2')
  // Another secret is another client: what the old one was given is not used any more.
  await world.secret('crm', 'CLIENT', 'new')
  endpoint.script = grants({ access_token: 'at-3', expires_in: 3600 })
  assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-3')
})

test('client credentials: a refusal is told by its code alone and not kept (RFC 6749 §5.2)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint } = world
  const tokenUrl = `${endpoint.url}/token`
  const system = await world.system('crm', { kind: 'client_credentials', tokenUrl, clientId: 'us' })
  endpoint.script = refuses('invalid_scope', 'you said hush-hush')
  const refused = faultOf(
    'credential.token_refused',
    /^the token endpoint of crm refused \(invalid_scope\)$/,
  )
  await assert.rejects(world.equip(system), refused)
  endpoint.script = grants(lasting)
  assert.equal((await world.equip(system)).headers['authorization'], 'Bearer at-1')
})

test('a token of one call is minted for it and given back after it (RFC 7009)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint } = world
  const system = await world.system('crm', {
    kind: 'client_credentials',
    tokenUrl: `${endpoint.url}/token`,
    revocationUrl: `${endpoint.url}/revoke`,
    clientId: 'us',
    perCall: true,
  })
  let minted = 0
  endpoint.script = (asked, response) => {
    if (asked.path === '/revoke') response.writeHead(200).end()
    else grants({ ...lasting, access_token: `at-${++minted}` })(asked, response)
  }
  const first = await world.equip(system)
  const second = await world.equip(system)
  assert.notDeepEqual(first.headers, second.headers)
  await first.conclude?.()
  const [revoked] = endpoint.asked.filter(({ path }) => path === '/revoke')
  assert.deepEqual(
    [revoked?.form.get('token'), revoked?.form.get('token_type_hint')],
    ['at-1', 'access_token'],
  )
  // The system is down: giving back never rejects, since the call is over.
  await endpoint.close()
  await second.conclude?.()
})

test('token exchange: a token for each user, in exchange for an assertion for that endpoint alone (RFC 8693 §2.1)', async () => {
  await using world = await CredentialWorld.open()
  const { endpoint } = world
  const tokenUrl = `${endpoint.url}/token`
  const audience = 'https://api.example'
  const system = await world.system('crm', {
    kind: 'token_exchange',
    tokenUrl,
    clientId: 'us',
    audience,
  })
  const issued = { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' }
  endpoint.script = (asked, response) => {
    const { payload } = readJws(asked.form.get('subject_token')!, {
      typ: ['JWT'],
      algorithms: ['ES256'],
    })
    grants({ ...lasting, ...issued, access_token: `for-${JSON.stringify(payload['sub'])}` })(
      asked,
      response,
    )
  }
  const ada = await world.equip(system, { person: 'per_ada' })
  const bob = await world.equip(system, { person: 'per_bob' })
  await world.equip(system, { person: 'per_ada' })
  assert.equal(endpoint.asked.length, 2)
  assert.deepEqual(
    [ada, bob].map(({ headers }) => headers['authorization']),
    ['Bearer for-"per_ada"', 'Bearer for-"per_bob"'],
  )
  assert.notEqual(ada.account, bob.account)
  const { form } = endpoint.asked[0]!
  assert.equal(form.get('grant_type'), 'urn:ietf:params:oauth:grant-type:token-exchange')
  assert.equal(form.get('subject_token_type'), 'urn:ietf:params:oauth:token-type:jwt')
  assert.equal(form.get('audience'), audience)
  const { payload } = readJws(form.get('subject_token')!, { typ: ['JWT'], algorithms: ['ES256'] })
  assert.equal(payload['aud'], tokenUrl)
  assert.equal(payload['iss'], 'https://identity.world.test')
  await assert.rejects(world.equip(system), faultOf('credential.no_user'))
  // §2.2.1: a token of another type is none that we could send.
  endpoint.script = grants({
    ...lasting,
    issued_token_type: 'urn:ietf:params:oauth:token-type:saml2',
  })
  await assert.rejects(
    world.equip(system, { person: 'per_eve' }),
    faultOf('credential.token_answer'),
  )
})

test('our own SVID: made anew before it ends, and it names this gateway', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'mtls' })
  const { tls } = await world.equip(system)
  const certificate = new X509Certificate(tls!.cert)
  assert.match(certificate.subjectAltName ?? '', /URI:spiffe:\/\/world\.test\/.*gateway/)
  assert.ok(certificate.verify(new X509Certificate(world.trusted).publicKey))
  assert.equal((await world.equip(system)).tls?.cert, tls!.cert)
  world.home.clock.advance(31 * 60_000)
  assert.notEqual((await world.equip(system)).tls?.cert, tls!.cert)
})

test('use is noted for the agent of the call', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
  await world.secret('crm', 'KEY', 'a value')
  await world.equip(system, { agent: 'one-bot' })
  await world.equip(system, { agent: 'two-bot' })
  const use = world.authority.usage.get('crm', 'KEY')
  assert.deepEqual(
    use?.usedBy.map(({ agent }) => agent),
    ['one-bot', 'two-bot'],
  )
})
