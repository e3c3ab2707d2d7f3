// Holds the tests of authorization requests: what is refused, where, and in which words.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { faultOf } from '../../../test/fakes/authority.ts'
import { CALLBACK, CLIENT, clientDocument, GATEWAY } from '../../../test/fakes/consent.ts'
import { readClientDocument } from './client-document.ts'
import { readAuthorizationRequest } from './request.ts'

const GOOD = {
  response_type: 'code',
  client_id: CLIENT,
  redirect_uri: CALLBACK,
  code_challenge: 'c'.repeat(43),
  code_challenge_method: 'S256',
  resource: `${GATEWAY}/mcp/files`,
  state: 'xyz',
}

const parts = {
  clients: {
    get: (id: string) => Promise.resolve(readClientDocument(utf8(clientDocument({}, id)), id)),
  },
  resources: {
    everything: () => `${GATEWAY}/mcp`,
    systemOf: (url: string) =>
      url === `${GATEWAY}/mcp` ? '*' : url === GOOD.resource ? 'files' : undefined,
  },
}

/** The request with some parameters otherwise; undefined leaves one out, a list has it more than once. */
function read(more: Readonly<Record<string, string | readonly string[] | undefined>> = {}) {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries({ ...GOOD, ...more })) {
    for (const one of value === undefined ? [] : [value].flat()) query.append(name, one)
  }
  return readAuthorizationRequest(query, parts)
}

async function refusedWith(more: Parameters<typeof read>[0], error: string): Promise<void> {
  const answer = await read(more)
  assert.ok('error' in answer, `${JSON.stringify(more)} was let through`)
  assert.equal(answer.error, error, JSON.stringify(more))
  assert.equal(answer.redirect, CALLBACK)
  assert.match(answer.description, /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/)
}

test('a request as it has to be is read', async () => {
  const answer = await read()
  assert.ok(!('error' in answer))
  assert.deepEqual(answer.scope, ['files/*'])
  assert.deepEqual(answer.resources, [GOOD.resource])
  assert.equal(answer.state, 'xyz')
  assert.equal(answer.silent, false)
})

test('RFC 6749 §4.1.2.1 with a wrong client or redirect URI nothing is sent anywhere', async () => {
  await assert.rejects(read({ client_id: undefined }), faultOf('consent.request'))
  await assert.rejects(read({ client_id: [CLIENT, CLIENT] }), faultOf('consent.request'))
  await assert.rejects(read({ redirect_uri: [CALLBACK, CALLBACK] }), faultOf('consent.request'))
  await assert.rejects(read({ redirect_uri: 'https://evil.example/' }), faultOf('consent.redirect'))
  await assert.rejects(read({ redirect_uri: 'javascript:alert(1)' }), faultOf('consent.redirect'))
  await assert.rejects(read({ redirect_uri: undefined }), faultOf('consent.redirect'))
})

test('RFC 6749 §3.1 a parameter that stands twice is refused', async () => {
  for (const name of [
    'response_type',
    'scope',
    'code_challenge',
    'code_challenge_method',
    'dpop_jkt',
    'state',
    'prompt',
  ]) {
    await refusedWith({ [name]: ['c'.repeat(43), 'd'.repeat(43)] }, 'invalid_request')
  }
})

test('RFC 6749 §4.1.1 only the response type `code` is served, in the query', async () => {
  await refusedWith({ response_type: undefined }, 'invalid_request')
  for (const type of ['token', 'code token', 'id_token', 'CODE', '']) {
    await refusedWith({ response_type: type }, 'unsupported_response_type')
  }
  for (const mode of ['fragment', 'form_post', 'web_message']) {
    await refusedWith({ response_mode: mode }, 'invalid_request')
  }
  await refusedWith({ request: 'e30.e30.' }, 'request_not_supported')
  await refusedWith({ request_uri: 'https://evil.example/' }, 'request_uri_not_supported')
})

test('RFC 7636 §4.4.1 a request without a challenge, or with `plain`, is refused', async () => {
  await refusedWith({ code_challenge: undefined }, 'invalid_request')
  await refusedWith({ code_challenge_method: undefined }, 'invalid_request')
  await refusedWith({ code_challenge_method: 'plain' }, 'invalid_request')
  await refusedWith({ code_challenge_method: 's256' }, 'invalid_request')
  for (const challenge of [
    '',
    'short',
    'c'.repeat(44),
    `${'c'.repeat(42)}=`,
    `${'c'.repeat(42)}+`,
  ]) {
    await refusedWith({ code_challenge: challenge }, 'invalid_request')
  }
})

test('RFC 8707 §2 a resource that is not ours is an invalid target; none means the gateway', async () => {
  for (const resource of [
    'https://evil.example/mcp',
    `${GATEWAY}/mcp/other`,
    `${GOOD.resource}#x`,
    `${GOOD.resource}/`,
    '',
    'files',
  ]) {
    await refusedWith({ resource }, 'invalid_target')
    await refusedWith({ resource: [GOOD.resource, resource] }, 'invalid_target')
  }
  await refusedWith(
    { resource: Array.from({ length: 9 }, (_, i) => `${GATEWAY}/mcp/${i}`) },
    'invalid_target',
  )
  const answer = await read({ resource: undefined })
  assert.ok(!('error' in answer))
  assert.deepEqual([answer.resources, answer.scope], [[`${GATEWAY}/mcp`], ['*']])
})

test('RFC 6749 §3.3 a scope that is no pattern, or beyond the resource, is invalid', async () => {
  for (const scope of [
    'openid',
    'files',
    'mail/send',
    'files/read mail/*',
    'files/a"b',
    'files/\u00e9',
  ]) {
    await refusedWith({ scope }, 'invalid_scope')
  }
  const many = Array.from({ length: 65 }, (_, i) => `files/a${i}`).join(' ')
  await refusedWith({ scope: many }, 'invalid_scope')
  for (const [scope, expected] of [
    ['files/read_file', ['files/read_file']],
    ['files/b files/a files/b', ['files/a', 'files/b']],
    ['*', ['files/*']],
    ['offline_access', ['files/*']],
    ['', ['files/*']],
  ] as const) {
    const answer = await read({ scope })
    assert.ok(!('error' in answer))
    assert.deepEqual(answer.scope, expected)
  }
})

test('RFC 9449 §10 a dpop_jkt is a SHA-256 thumbprint', async () => {
  await refusedWith({ dpop_jkt: 'short' }, 'invalid_request')
  const answer = await read({ dpop_jkt: 'j'.repeat(43) })
  assert.ok(!('error' in answer) && answer.jkt === 'j'.repeat(43))
})

test('the state comes back as it is, and is bounded', async () => {
  const refusal = await read({ response_type: 'token', state: ' a\r\nb&c=d\u0000' })
  assert.equal(refusal.state, ' a\r\nb&c=d\u0000')
  await refusedWith({ state: 's'.repeat(2_049) }, 'invalid_request')
  const silent = await read({ prompt: 'none' })
  assert.ok(!('error' in silent) && silent.silent)
})
