// Holds the tests of reading one server's entry: what moves, what stays, and that nothing is told of a value.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseJson, RESPONSE_LIMITS, type JsonObject } from '../../std/json.ts'
import { utf8 } from '../../std/bytes.ts'
import type { ClientName } from './clients.ts'
import { readServer, type Read } from './server-entry.ts'

function read(
  entry: object,
  client: ClientName = 'claude-code',
  env: Record<string, string> = {},
): Read {
  const value = parseJson(utf8(JSON.stringify(entry)), RESPONSE_LIMITS) as JsonObject
  return readServer(value, {
    client,
    env: { PATH: '/usr/bin:/bin', ...env },
    cwd: '/',
    said: new Map(),
    home: '/home/me/.bailiwick',
    keepArguments: false,
  })
}

function server(found: Read): Extract<Read, { kind: 'server' }> {
  if (found.kind !== 'server') throw new Error(JSON.stringify(found))
  return found
}

test('a program’s variables move; those that are credentials and stood in the file are exposed', () => {
  const env = {
    GITHUB_TOKEN: 'ghp_0123456789abcdefghijABCDEFGHIJ01',
    LOG_LEVEL: 'info',
    KEY: '${MINE}',
  }
  const { transport, values } = server(
    read({ command: 'sh', args: ['-c', 'x'], env }, 'claude-code', { MINE: 'abc-123-abc' }),
  )
  assert.equal(transport.kind === 'stdio' && transport.command, '/usr/bin/sh')
  assert.deepEqual(Object.fromEntries(values), {
    GITHUB_TOKEN: { value: 'ghp_0123456789abcdefghijABCDEFGHIJ01', exposed: true },
    LOG_LEVEL: { value: 'info', exposed: false },
    KEY: { value: 'abc-123-abc', exposed: false },
  })
})

test('headers, addresses and the words of Codex become credentials of a system on the network', () => {
  const bearer = server(
    read({ url: 'https://a.example/mcp', headers: { Authorization: 'Bearer t0ken' } }),
  )
  assert.deepEqual(bearer.transport, {
    kind: 'mcp',
    url: 'https://a.example/mcp',
    auth: { kind: 'header', header: 'Authorization', prefix: 'Bearer ', secret: 'AUTHORIZATION' },
    reach: {},
  })
  assert.deepEqual(bearer.values.get('AUTHORIZATION'), { value: 't0ken', exposed: true })
  const two = server(
    read({ url: 'https://a.example/', headers: { 'X-Api-Key': 'k1', 'X-Org': 'o' } }),
  )
  assert.deepEqual([...two.values.keys()], ['X_API_KEY', 'X_ORG'])
  const query = server(read({ url: 'https://a.example/mcp?api_key=k1&x=1' }))
  assert.deepEqual(query.transport.kind === 'mcp' && [query.transport.url, query.transport.auth], [
    'https://a.example/mcp?x=1',
    { kind: 'query', parameter: 'api_key', secret: 'API_KEY' },
  ])
  const basic = server(read({ url: 'http://me:p%40ss@localhost:9/mcp' }))
  assert.deepEqual(basic.values.get('PASSWORD'), { value: 'p@ss', exposed: true })
  assert.deepEqual(basic.transport.kind === 'mcp' && basic.transport.reach, { private: true })
  const codex = { url: 'https://a.example/mcp', bearer_token_env_var: 'T' }
  assert.deepEqual(server(read(codex, 'codex', { T: 'v' })).values.get('AUTHORIZATION'), {
    value: 'v',
    exposed: false,
  })
})

for (const [what, entry] of [
  ['a credential among its arguments', { command: 'sh', args: ['--api-key', 'hunter2abc'] }],
  ['a credential in a path', { url: 'https://a.example/s/Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA/mcp' }],
  ['clear text', { url: 'http://a.example.com/mcp' }],
  ['its own sign-in', { url: 'https://a.example/mcp', oauth: { clientId: 'x' } }],
  ['the old transport', { type: 'sse', url: 'https://a.example/sse' }],
  ['no address', { url: 'not an address' }],
  ['neither', {}],
  ['a program that is not there', { command: 'no-such-program-here' }],
  ['arguments that are no list', { command: 'sh', args: 'x' }],
  ['variables that are no texts', { command: 'sh', env: { A: { b: 1 } } }],
  ['a name that is no variable', { command: 'sh', env: { 'a b': 'x' } }],
  [
    'the bridge of another home',
    { command: '/opt/bailiwick', args: ['--home', '/home/eve', 'mcp', 's', '--as', 'a'] },
  ],
] as const) {
  test(`an entry with ${what} stays as it is, and says why`, () => {
    const found = read(entry)
    assert.equal(found.kind, 'left')
    assert.doesNotMatch(JSON.stringify(found), /hunter2|Zm9v/)
  })
}

test('an entry of ours is known again', () => {
  const args = ['--home', '/home/me/.bailiwick', 'mcp', 'files', '--as', 'claude-code']
  assert.deepEqual(read({ command: '/opt/bin/bailiwick', args }), {
    kind: 'ours',
    system: 'files',
    agent: 'claude-code',
  })
})

test('INV-10 whatever an entry is, it is read or left, and never throws', () => {
  fc.assert(
    fc.property(
      fc.dictionary(
        fc.constantFrom(
          'command',
          'args',
          'env',
          'envFile',
          'cwd',
          'url',
          'headers',
          'type',
          'oauth',
        ),
        fc.jsonValue(),
      ),
      fc.constantFrom<ClientName>('claude-code', 'vscode', 'codex'),
      (entry, client) => {
        if (/__proto__|\\u0000|\\ud[89a-f]/i.test(JSON.stringify(entry))) return
        assert.ok(['left', 'server', 'wanting', 'ours'].includes(read(entry, client).kind))
      },
    ),
  )
})
