// Holds the tests of AWS signatures: AWS' published test suite (aws-sig-v4-test-suite), and what leaves with a call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CredentialWorld } from '../../../test/fakes/credential-world.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { hex, sha256, utf8 } from '../../std/bytes.ts'
import { signV4 } from './sigv4.ts'

const KEYS = { accessKey: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const PLACE = { region: 'us-east-1', service: 'service' }
const AT = Date.parse('2015-08-30T12:36:00Z')
const SESSION =
  'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA=='

const VECTORS = [
  [
    'get-vanilla',
    'GET',
    '/',
    {},
    undefined,
    '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  ],
  [
    'get-vanilla-query-order-key-case',
    'GET',
    '/?Param2=value2&Param1=value1',
    {},
    undefined,
    'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  ],
  [
    'get-vanilla-empty-query-key',
    'GET',
    '/?Param1=value1',
    {},
    undefined,
    'a67d582fa61cc504c4bae71f336f98b97f1ea3c7a6bfe1b6e45aec72011b9aeb',
  ],
  [
    'post-vanilla',
    'POST',
    '/',
    {},
    undefined,
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'post-header-key-sort',
    'POST',
    '/',
    { 'my-header1': 'value1' },
    undefined,
    'c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c',
  ],
  [
    'post-sts-header-before',
    'POST',
    '/',
    {},
    SESSION,
    '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  ],
] as const

for (const [name, method, path, headers, sessionToken, signature] of VECTORS) {
  test(`the signature of ${name}`, async () => {
    const url = new URL(`https://example.amazonaws.com${path}`)
    const keys = { ...KEYS, ...(sessionToken !== undefined && { sessionToken }) }
    const body = new Uint8Array()
    const signed = await signV4({ method, url, headers, body }, keys, PLACE, new FakeClock(AT))
    assert.equal(signed['x-amz-date'], '20150830T123600Z')
    assert.equal(signed['authorization']?.split('Signature=')[1], signature)
    assert.equal(signed['x-amz-security-token'], sessionToken)
  })
}

test('what streams is signed as such, and a body of S3 by its digest', async () => {
  const url = new URL('https://bucket.s3.amazonaws.com/key')
  const of = (body?: Uint8Array) =>
    signV4(
      { method: 'PUT', url, headers: {}, ...(body !== undefined && { body }) },
      KEYS,
      { ...PLACE, service: 's3' },
      new FakeClock(AT),
    )
  assert.equal((await of())['x-amz-content-sha256'], 'UNSIGNED-PAYLOAD')
  assert.equal((await of(utf8('text')))['x-amz-content-sha256'], hex(sha256('text')))
})

test('a call is signed with the keys of its system, and the signature is cut from answers', async () => {
  await using world = await CredentialWorld.open()
  const auth = {
    kind: 'sigv4',
    ...PLACE,
    accessKey: 'ID',
    secret: 'SECRET',
    sessionToken: 'SESSION',
  } as const
  const system = await world.system('aws', auth)
  for (const name of ['ID', 'SECRET', 'SESSION'])
    await world.secret('aws', name, `the ${name} value`)
  const { sign, secrets, used } = await world.equip(system)
  assert.deepEqual(secrets, ['the SECRET value', 'the SESSION value'])
  assert.deepEqual(used, ['secret:ID@v1', 'secret:SECRET@v1', 'secret:SESSION@v1'])
  const url = new URL('https://example.amazonaws.com/')
  const headers = await sign!({ method: 'GET', url, headers: {} })
  assert.match(headers['authorization']!, /^AWS4-HMAC-SHA256 Credential=the ID value\//)
  assert.ok(secrets.includes(headers['authorization']!.split('Signature=')[1]!))
  assert.ok(!JSON.stringify(headers).includes('the SECRET value'))
})
