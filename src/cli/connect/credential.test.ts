// Holds the tests of the guess what is a credential.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { credentialArguments, isCredential, looksCredential } from './credential.ts'

test('names and forms of credentials are known', () => {
  for (const [name, value] of [
    ['API_KEY', 'abc123xyz'],
    ['apiKey', 'abc123xyz'],
    ['GITHUB_PERSONAL_ACCESS_TOKEN', 'x1y2z3'],
    ['PGPASSWORD_PASSWORD', 'hunter2'],
    ['X', 'ghp_0123456789abcdefghijABCDEFGHIJ01'],
    ['X', 'sk-ant-api03-0123456789abcdefgh'],
    ['DATABASE_URL', 'postgres://me:pw@db/x'],
    ['X', 'Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA=='],
  ] as const) {
    assert.ok(isCredential(name, value), name)
  }
})

test('flags, paths, levels and names are none', () => {
  for (const [name, value] of [
    ['LOG_LEVEL', 'info'],
    ['NODE_ENV', 'production'],
    ['KEY_FILE', '/home/me/key.pem'],
    ['TOKEN_LIMIT', '4096'],
    ['DEBUG', 'true'],
    ['REGION', 'eu-central-1'],
    ['PACKAGE', '@modelcontextprotocol/server-filesystem'],
  ] as const) {
    assert.ok(!isCredential(name, value), name)
  }
  assert.ok(!looksCredential('model-context-protocol-server-filesystem'))
})

test('credentials among arguments are found behind options, behind `=`, and by their form', () => {
  assert.deepEqual(credentialArguments(['--api-key', 'abc123', '-y', 'pkg']), [1])
  assert.deepEqual(credentialArguments(['--token=abc123']), [0])
  assert.deepEqual(credentialArguments(['run', 'API_KEY=abc123']), [1])
  assert.deepEqual(credentialArguments(['postgres://me:pw@db/x']), [0])
  assert.deepEqual(
    credentialArguments(['-y', '@scope/server', '/home/me/files', '--port', '8080']),
    [],
  )
})
