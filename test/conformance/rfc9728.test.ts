// Holds conformance of the gateway with RFC 9728 and MCP's authorization: metadata of what is protected, and challenges.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import { ISSUER, prover, tokenActor, TokenGateway } from '../fakes/token-gateway.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'

test('RFC 9728 §3.1 the well-known path stands between the host and the path of the resource', async () => {
  await using gateway = await TokenGateway.open()
  for (const [path, resource] of [
    ['', gateway.url],
    ['/mcp', `${gateway.url}/mcp`],
    ['/mcp/files', `${gateway.url}/mcp/files`],
  ] as const) {
    const { status, headers, json } = await gateway.ask({
      method: 'GET',
      path: `${WELL_KNOWN}${path}`,
    })
    assert.equal(status, 200, path)
    assert.equal(headers['content-type'], 'application/json')
    assert.equal(json['resource'], resource)
    assert.deepEqual(json['authorization_servers'], [ISSUER])
    assert.deepEqual(json['bearer_methods_supported'], ['header'])
    assert.equal(json['dpop_bound_access_tokens_required'], true)
  }
  for (const path of ['/other', '/mcp/', '/mcp/Files', '/mcp/files/x', 'x']) {
    const { status } = await gateway.ask({ method: 'GET', path: `${WELL_KNOWN}${path}` })
    assert.equal(status, 404, path)
  }
})

test('RFC 9728 §3.3 a client takes the metadata: `resource` is what the well-known path was put into', async () => {
  await using gateway = await TokenGateway.open()
  for (const host of ['127.0.0.1', 'localhost', 'bailiwick.localhost']) {
    const resource = new URL(`http://${host}:${gateway.port}/mcp/files`)
    const path = `${WELL_KNOWN}${resource.pathname}`
    const { status, text } = await gateway.ask({
      method: 'GET',
      path,
      headers: [['host', resource.host]],
    })
    const response = new Response(text, { status, headers: { 'content-type': 'application/json' } })
    const metadata = await oauth.processResourceDiscoveryResponse(resource, response)
    assert.equal(metadata.resource, resource.href)
    assert.deepEqual(metadata.scopes_supported, ['files/*'])
  }
})

test('RFC 9728 §5.1 a 401 names the metadata of what was asked for, in every challenge', async () => {
  await using gateway = await TokenGateway.open()
  const { status, challenges, json } = await gateway.ask({})
  assert.equal(status, 401)
  assert.equal(json['code'], 'authenticate.no_credential')
  assert.equal(challenges.length, 2)
  for (const [at, scheme] of ['Bearer', 'DPoP'].entries()) {
    assert.ok(challenges[at]?.startsWith(`${scheme} `), challenges[at])
    assert.ok(
      challenges[at]!.includes(`resource_metadata="${gateway.url}${WELL_KNOWN}/mcp/files"`),
      challenges[at],
    )
    assert.ok(challenges[at]!.includes('scope="files/*"'), challenges[at])
  }
})

test('RFC 6750 §3.1 who showed nothing is told no error', async () => {
  await using gateway = await TokenGateway.open()
  const { challenges } = await gateway.ask({})
  assert.ok(!challenges.join().includes('error='), challenges.join())
})

test('RFC 6750 §3.1 a token that is worth nothing is invalid_token, under its scheme', async () => {
  await using gateway = await TokenGateway.open()
  const { status, challenges } = await gateway.ask({
    headers: [['authorization', 'Bearer nothing']],
  })
  assert.equal(status, 401)
  assert.match(challenges[0] ?? '', /^Bearer error="invalid_token", error_description="/)
  assert.ok(!challenges[1]?.includes('error='))
})

test('MCP authorization: a token whose scope is too narrow is 403 insufficient_scope, with the scope that would do', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  const scope = ['files/read_file']
  const actor = tokenActor('narrow', { scopes: [scope] })
  const credential = { ...actor.credential, scope }
  gateway.issue('narrow', { key, actor: { ...actor, credential } })
  const call = (name: string) =>
    JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } })
  const send = async (name: string) => {
    const dpop = await gateway.proof(key, 'narrow')
    return gateway.ask({
      headers: [
        ['authorization', 'DPoP narrow'],
        ['dpop', dpop],
      ],
      body: call(name),
    })
  }
  const { status, challenges, json } = await send('move_file')
  assert.equal(status, 403)
  assert.match(challenges[1] ?? '', /^DPoP error="insufficient_scope"/)
  for (const challenge of challenges) {
    assert.ok(challenge.includes('scope="files/move_file"'), challenge)
    assert.ok(challenge.includes('resource_metadata="'), challenge)
  }
  assert.equal(
    (json['error'] as { data: { code: string } }).data.code,
    'authenticate.insufficient_scope',
  )
  // What policy denies is no matter of scopes: no wider token would help.
  gateway.fake.answers = { read_file: 'deny' }
  const denied = await send('read_file')
  assert.equal(denied.status, 200)
  assert.deepEqual(denied.challenges, [])
  // Neither is what a delegation above does not cover.
  gateway.issue('delegated', { key, actor: tokenActor('delegated', { scopes: [scope] }) })
  const dpop = await gateway.proof(key, 'delegated')
  const outside = await gateway.ask({
    headers: [
      ['authorization', 'DPoP delegated'],
      ['dpop', dpop],
    ],
    body: call('move_file'),
  })
  assert.equal(outside.status, 200)
  const { data } = outside.json['error'] as { data: { code: string } }
  assert.equal(data.code, 'decide.out_of_scope')
})

test('MCP authorization: tools/list shows what the scopes cover, and nothing else', async () => {
  await using gateway = await TokenGateway.open()
  const key = await prover()
  await gateway.hear()
  gateway.issue('narrow', { key, actor: tokenActor('n', { scopes: [['*'], ['files/read_file']] }) })
  const { status, json } = await gateway.list(key, 'narrow')
  assert.equal(status, 200)
  const { tools } = json['result'] as { tools: { name: string }[] }
  assert.deepEqual(
    tools.map(({ name }) => name),
    ['read_file'],
  )
})

test('RFC 9728 §7.3 a surface that takes no unbound tokens says so, and one that does says that', async () => {
  await using gateway = await TokenGateway.open(true)
  const { json } = await gateway.ask({ method: 'GET', path: `${WELL_KNOWN}/mcp` })
  assert.equal(json['dpop_bound_access_tokens_required'], false)
  gateway.issue('bearer')
  const { status } = await gateway.ask({ headers: [['authorization', 'Bearer bearer']] })
  assert.equal(status, 200)
})
