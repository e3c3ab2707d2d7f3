// Holds the tests of envelopes and of the keys that they are under.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../std/bytes.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Fault } from '../std/fault.ts'
import { EnvelopeKeyFiles } from './envelope-keys.ts'

function withFolder(
  run: (directory: string, open: () => EnvelopeKeyFiles) => void | Promise<void>,
) {
  return async () => {
    const directory = mkdtempSync(join(tmpdir(), 'bailiwick-envelopes-'))
    mkdirSync(join(directory, 'keys'), { mode: 0o700 })
    const keys = join(directory, 'keys')
    try {
      await run(join(keys, 'envelopes'), () => new EnvelopeKeyFiles(keys, systemEntropy))
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  }
}

const unsealable = (error: unknown) => error instanceof Fault && error.code === 'keys.unsealable'

test(
  'a value opens in its context alone, and no envelope of it is like another',
  withFolder((_, open) => {
    const keys = open()
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.string(),
        fc.string(),
        fc.nat(),
        (plain, context, other, at) => {
          const text = keys.seal(plain, context)
          assert.deepEqual(keys.open(text, context), plain)
          assert.notEqual(keys.seal(plain, context), text)
          if (other !== context) assert.throws(() => keys.open(text, other), unsealable)
          // One character changed, wherever it is: the version, the key, the wrapped key, the value.
          const place = at % text.length
          const changed = text[place] === 'A' ? 'B' : 'A'
          const forged = text.slice(0, place) + changed + text.slice(place + 1)
          // Also the last character of base64url, which may hold bits that nobody reads: then it is no canonical text.
          assert.throws(() => keys.open(forged, context), unsealable)
        },
      ),
      { numRuns: 200 },
    )
  }),
)

test(
  'after a rotation old values open, new ones are under the new key, and what was wrapped anew survives the old key',
  withFolder(async (folder, open) => {
    const keys = open()
    const first = keys.current
    const text = keys.seal(utf8('held'), 'here')
    const second = await keys.rotate()
    assert.notEqual(second, first)
    assert.deepEqual(keys.retired, [first])
    assert.equal(keys.keyOf(keys.seal(utf8('new'), 'here')), second)
    const after = open()
    assert.equal(after.current, second)
    assert.deepEqual(after.open(text, 'here'), utf8('held'))
    assert.equal(after.commit(utf8('held')), keys.commit(utf8('held')))
    const anew = after.rewrap(text, 'here')
    assert.throws(() => after.rewrap(text, 'elsewhere'), unsealable)
    await after.destroy(first)
    assert.equal(readdirSync(folder).filter((file) => file.includes(first)).length, 0)
    assert.deepEqual(after.open(anew, 'here'), utf8('held'))
    assert.throws(() => after.open(text, 'here'), unsealable)
    await assert.rejects(async () => after.destroy(second), TypeError)
  }),
)

test(
  'what a crash left while a key was made or destroyed is no key',
  withFolder((folder, open) => {
    const first = open().current
    writeFileSync(join(folder, '000002-0123456789abcdef.pem.new'), 'half', { mode: 0o600 })
    writeFileSync(join(folder, '000000-0123456789abcdef.pem.ended'), '', { mode: 0o600 })
    assert.equal(open().current, first)
    assert.deepEqual(
      readdirSync(folder).filter((file) => !file.endsWith('.pem')),
      [],
    )
  }),
)

test(
  'a folder that lost its keys is refused, and no new key is made in it',
  withFolder((folder, open) => {
    open()
    for (const file of readdirSync(folder)) if (/^\d/.test(file)) rmSync(join(folder, file))
    assert.throws(open, (error) => error instanceof Fault && error.code === 'keys.incomplete')
    assert.deepEqual(readdirSync(folder), ['commitments.pem'])
  }),
)

test(
  'a key under the name of another is refused',
  withFolder((folder, open) => {
    open()
    writeFileSync(join(folder, '000002-0123456789abcdef.pem'), `${'A'.repeat(43)}\n`, {
      mode: 0o600,
    })
    assert.throws(open, (error) => error instanceof Fault && error.code === 'keys.unreadable')
  }),
)
