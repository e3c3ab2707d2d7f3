// Holds attacks on the gateway by who shows a token: replayed, of another gateway, in the wrong place, twice, from a page.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prover, tokenActor, TokenGateway } from '../fakes/token-gateway.ts'

test('INV-8 a proof is worth nothing at another gateway: neither its URL, nor its nonce', async () => {
  await using ours = await TokenGateway.open()
  await using theirs = await TokenGateway.open()
  const key = await prover()
  await ours.hear()
  await theirs.hear()
  ours.issue('good', { key })
  const dpop = await theirs.proof(key, 'good')
  const replayed = await ours.ask({
    headers: [
      ['authorization', 'DPoP good'],
      ['dpop', dpop],
    ],
  })
  assert.equal(replayed.json['code'], 'dpop.other_request')
  const { nonce } = theirs
  const withTheirs = await ours.list(key, 'good', { nonce })
  assert.equal(withTheirs.json['code'], 'dpop.nonce')
  assert.notEqual(withTheirs.headers['dpop-nonce'], nonce)
})

test('INV-8 a token for one system opens no other, and one for another gateway opens nothing', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('files', { key, audience: [`${gateway.url}/mcp/files`] })
  const at = async (path: string) => {
    const dpop = await gateway.proof(key, 'files', { htu: `${gateway.url}${path}` })
    const headers = [
      ['authorization', 'DPoP files'],
      ['dpop', dpop],
    ] as const
    return gateway.ask({ path, headers })
  }
  assert.equal((await at('/mcp/files')).status, 200)
  assert.equal((await at('/mcp/mail')).json['code'], 'token.audience')
  gateway.issue('elsewhere', { key, audience: ['http://127.0.0.1:1/mcp'] })
  assert.equal((await gateway.list(key, 'elsewhere')).json['code'], 'token.audience')
})

test('INV-8 no Host, Forwarded or X-Forwarded header makes another URL ours', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  for (const headers of [
    [['forwarded', 'host=evil.example;proto=https']],
    [
      ['x-forwarded-host', 'evil.example'],
      ['x-forwarded-proto', 'https'],
    ],
    [['x-original-url', '/mcp/mail']],
  ] as const) {
    const dpop = await gateway.proof(key, 'good', { htu: 'https://evil.example/mcp/files' })
    const authorized = [
      ['authorization', 'DPoP good'],
      ['dpop', dpop],
    ] as const
    const answer = await gateway.ask({ headers: [...authorized, ...headers] })
    assert.equal(answer.json['code'], 'dpop.other_request', JSON.stringify(headers))
    const metadata = await gateway.ask({
      method: 'GET',
      path: '/.well-known/oauth-protected-resource/mcp/files',
      headers: [...headers],
    })
    assert.equal(metadata.json['resource'], `${gateway.url}/mcp/files`)
  }
  for (const host of [
    'evil.example',
    `evil.example:${gateway.port}`,
    '127.0.0.1',
    `127.0.0.1:${gateway.port}.evil.example`,
    `LOCALHOST:${gateway.port}`,
    `127.0.0.1:${gateway.port + 1}`,
    `127.1:${gateway.port}`,
    `[::1]:${gateway.port}`,
    '',
  ]) {
    const dpop = await gateway.proof(key, 'good', { htu: `http://${host}/mcp/files` })
    const headers = [
      ['host', host],
      ['authorization', 'DPoP good'],
      ['dpop', dpop],
    ] as const
    const { status, json } = await gateway.ask({ headers })
    assert.deepEqual([status, json['code']], [421, 'http.host'], host)
  }
})

test('INV-8 a web page is refused, with a good token and all', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  const dpop = await gateway.proof(key, 'good')
  for (const origin of ['http://evil.example', gateway.url, 'null']) {
    const headers = [
      ['authorization', 'DPoP good'],
      ['dpop', dpop],
      ['origin', origin],
      // A page cannot keep the browser from saying how it was fetched (W3C Fetch Metadata).
      ...(origin === gateway.url ? [['sec-fetch-site', 'same-origin'] as const] : []),
    ] as const
    assert.equal((await gateway.ask({ headers })).json['code'], 'http.origin', origin)
  }
})

test('INV-8 a token in the address is refused, whoever else vouches for the request', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('good', { key })
  const dpop = await gateway.proof(key, 'good')
  for (const [path, headers] of [
    ['/mcp/files?access_token=good', []],
    [
      '/mcp/files?x=1&access_token=good',
      [
        ['authorization', 'DPoP good'],
        ['dpop', dpop],
      ],
    ],
    ['/mcp/files?Access_Token=good', []],
    ['/mcp/files?%61ccess_token=good', []],
  ] as const) {
    const { status, json } = await gateway.ask({ path, headers })
    assert.deepEqual([status, json['code']], [400, 'authenticate.query'], path)
  }
})

test('INV-10 two Authorization headers, other schemes and monsters are answered, not guessed', async () => {
  await using gateway = await TokenGateway.open(true)
  gateway.issue('good')
  const authorized = (...values: string[]) =>
    gateway.ask({ headers: values.map((value) => ['authorization', value] as const) })
  assert.equal((await authorized('Bearer good')).status, 200)
  assert.equal((await authorized('bearer  good')).status, 200)
  for (const values of [
    ['Bearer good', 'Bearer good'],
    ['Bearer good', 'DPoP good'],
    ['Basic Z29vZA=='],
    ['Bearer'],
    ['Bearer good, DPoP good'],
    ['Bearer good good'],
    ['Bearer "good"'],
    [`Bearer ${'a'.repeat(8_192)}`],
    [''],
  ]) {
    const { status, json } = await authorized(...values)
    assert.deepEqual([status, json['code']], [400, 'authenticate.header'], values.join(' | '))
  }
})

test('INV-8 a token that is bound to a certificate opens nothing where none can be shown', async () => {
  await using gateway = await TokenGateway.open()
  gateway.issue('mtls', { binding: { kind: 'mtls', value: 'x'.repeat(43) } })
  const { status, json } = await gateway.ask({ headers: [['authorization', 'Bearer mtls']] })
  assert.deepEqual([status, json['code']], [401, 'token.binding'])
})

test('INV-8 an unbound bearer is refused unless the setting says otherwise', async () => {
  await using gateway = await TokenGateway.open()
  gateway.issue('bearer')
  const { status, json } = await gateway.ask({ headers: [['authorization', 'Bearer bearer']] })
  assert.deepEqual([status, json['code']], [401, 'token.binding'])
})

test('INV-10 proofs of nobody are not remembered, and a proof is not used up by a refusal', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  const jti = 'once'
  assert.equal((await gateway.list(key, 'good', { jti })).json['code'], 'token.unknown')
  gateway.issue('good', { key })
  assert.equal((await gateway.list(key, 'good', { jti })).status, 200)
})

test('INV-8 every record of a call by an unbound bearer says so; INV-3 no record has the token', async () => {
  await using gateway = await TokenGateway.open(true)
  const credential = {
    kind: 'token',
    id: 'jti-1',
    binding: 'none',
    ends: Date.now() + 60_000,
  } as const
  gateway.issue('s3cr3t-token', { actor: tokenActor('bearer', { credential }) })
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'read_file', arguments: {} },
  })
  // The system cannot be started here; its intent is durable before that is found out (INV-1).
  await gateway.ask({ headers: [['authorization', 'Bearer s3cr3t-token']], body })
  const [intent] = gateway.fake.records.filter(({ type }) => type === 'call.intent')
  assert.equal(intent?.body['binding'], 'none')
  assert.equal(intent.body['credential'], 'jti-1')
  assert.equal(intent.body['credential_kind'], 'token')
  assert.ok(!JSON.stringify(gateway.fake.records).includes('s3cr3t'))
  assert.ok(!JSON.stringify(gateway.fake.observed).includes('s3cr3t'))
})
