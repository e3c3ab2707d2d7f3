// Holds the tests of checkpoint bodies.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { formatCheckpoint, parseCheckpoint } from './checkpoint.ts'
import { EMPTY_ROOT } from './hash.ts'

const BODY = 'example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n'

test('the example of C2SP tlog-checkpoint reads back', () => {
  const checkpoint = parseCheckpoint(BODY)
  assert.equal(checkpoint.origin, 'example.com/behind-the-sofa')
  assert.equal(checkpoint.size, 20_852_163)
  assert.equal(formatCheckpoint(checkpoint), BODY)
})

test('every checkpoint reads back', () => {
  const checkpoints = fc.tuple(
    fc.stringMatching(/^[a-z0-9./-]{1,60}$/),
    fc.maxSafeNat().map((n) => n + (n === 0 ? 1 : 0)),
    fc.uint8Array({ minLength: 32, maxLength: 32 }),
  )
  fc.assert(
    fc.property(checkpoints, ([origin, size, root]) => {
      const checkpoint = { origin, size, root }
      assert.deepEqual(parseCheckpoint(formatCheckpoint(checkpoint)), checkpoint)
    }),
  )
  const empty = { origin: 'a', size: 0, root: EMPTY_ROOT }
  assert.deepEqual(parseCheckpoint(formatCheckpoint(empty)), empty)
})

test('a second spelling of a checkpoint is refused', () => {
  const [origin, size, root] = BODY.split('\n') as [string, string, string]
  const wrong = [
    '',
    '\n\n\n',
    BODY.slice(0, -1),
    `${BODY}\n`,
    `${BODY}extension\n`,
    ` ${BODY}`,
    BODY.replaceAll('\n', '\r\n'),
    `\n${size}\n${root}\n`,
    `a b\n${size}\n${root}\n`,
    `a+b\n${size}\n${root}\n`,
    `${origin}\n${size}\n\n`,
    `${origin}\n${size}\n${root.slice(0, -1)}\n`,
    `${origin}\n${size}\n${root.replace('I=', 'J=')}\n`,
    `${origin}\n${size}\n${root.replace('/', '_')}\n`,
    `${origin}\n${size}\nAAAA\n`,
    `${origin}\n0\n${root}\n`,
    ...[
      '',
      '-1',
      '+1',
      '01',
      '1.0',
      '1e3',
      '0x10',
      ' 1',
      '1 ',
      '9007199254740992',
      '99999999999999999999',
      '١',
    ].map((decimal) => `${origin}\n${decimal}\n${root}\n`),
  ]
  for (const body of wrong) {
    assert.throws(() => parseCheckpoint(body), { code: 'tlog.checkpoint' }, JSON.stringify(body))
  }
})

test('what cannot be a state of a log is not written', () => {
  const root = new Uint8Array(32)
  const wrong = [
    { origin: '', size: 1, root },
    { origin: 'a\nb', size: 1, root },
    { origin: 'a', size: -1, root },
    { origin: 'a', size: 1.5, root },
    { origin: 'a', size: 2 ** 53, root },
    { origin: 'a', size: 0, root },
    { origin: 'a', size: 1, root: new Uint8Array(31) },
  ]
  for (const checkpoint of wrong) {
    assert.throws(() => formatCheckpoint(checkpoint), { code: 'tlog.checkpoint' })
  }
})
