// Holds tests of the keys of roots and of the token key in files: made whole, found again, destroyed, replaced.

import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { utf8 } from '../std/bytes.ts'
import { systemEntropy } from '../std/entropy.ts'
import { openKeyRing } from './file.ts'

interface At extends Disposable {
  readonly keys: string
  readonly roots: string
  open(): ReturnType<typeof openKeyRing>
}

function home(): At {
  const directory = mkdtempSync(join(tmpdir(), 'bailiwick-root-keys-'))
  const keys = join(directory, 'keys')
  return {
    keys,
    roots: join(keys, 'roots'),
    open: () => openKeyRing(keys, { entropy: systemEntropy }),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true }),
  }
}

test('a key for another root is made private and whole, and found again', async () => {
  using at = home()
  const { roots } = at.open()
  const made = await roots.generate()
  assert.equal(made.algorithm, 'ES256')
  const path = join(at.roots, `${made.keyId}.pem`)
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.equal(statSync(at.roots).mode & 0o777, 0o700)
  assert.deepEqual(readdirSync(at.roots), [`${made.keyId}.pem`])
  const again = at.open().roots
  assert.deepEqual(await again.list(), [roots.first?.keyId, made.keyId])
  const data = utf8('signed before the restart')
  assert.ok((await again.open(made.keyId))?.verify(data, made.sign(data)))
  assert.equal((await again.open(roots.first!.keyId))?.keyId, roots.first?.keyId)
  for (const name of ['0'.repeat(16), '../authority', '']) {
    assert.equal(await again.open(name), undefined)
  }
})

test('a destroyed key is gone, also the first one, and the home opens all the same', async () => {
  using at = home()
  const { roots } = at.open()
  const first = roots.first!.keyId
  const made = await roots.generate()
  await roots.destroy(first)
  assert.equal(roots.first, undefined)
  assert.equal(existsSync(join(at.keys, 'certificates.pem')), false)
  await roots.destroy(made.keyId)
  await roots.destroy(made.keyId)
  await roots.destroy('../authority')
  const again = at.open().roots
  assert.deepEqual(await again.list(), [])
  assert.ok(existsSync(join(at.keys, 'authority.pem')))
})

test('a crash while a key is destroyed or made leaves nothing that is read, and nothing that stays', async () => {
  using at = home()
  const { roots } = at.open()
  const made = await roots.generate()
  const path = join(at.roots, `${made.keyId}.pem`)
  renameSync(path, `${path}.ended`)
  writeFileSync(`${path}.new`, 'half')
  const first = join(at.keys, 'certificates.pem')
  renameSync(first, `${first}.ended`)
  writeFileSync(join(at.keys, 'tokens.pem.new'), 'half', { mode: 0o600 })
  const again = at.open()
  assert.deepEqual(await again.roots.list(), [])
  assert.deepEqual(readdirSync(at.roots), [])
  assert.ok(!readdirSync(at.keys).some((file) => /\.(?:ended|new)$/.test(file)))
})

test('a root key under the name of another, or open to others, is not taken', async () => {
  using at = home()
  const { roots } = at.open()
  const [one, two] = [await roots.generate(), await roots.generate()]
  const [pathOne, pathTwo] = [one, two].map(({ keyId }) => join(at.roots, `${keyId}.pem`))
  copyFileSync(pathOne!, pathTwo!)
  assert.equal(await at.open().roots.open(two.keyId), undefined)
  chmodSync(pathOne!, 0o640)
  assert.throws(() => void at.open().roots.open(one.keyId), { code: 'keys.permissions' })
  chmodSync(pathOne!, 0o600)
  chmodSync(at.roots, 0o750)
  assert.throws(() => at.open(), { code: 'keys.permissions' })
})

test('another token key takes the place of the one there was, for whoever holds it already', async () => {
  using at = home()
  const { tokens } = at.open()
  const data = utf8('a token')
  const before = { keyId: tokens.keyId, signature: tokens.sign(data), publicKey: tokens.publicKey }
  const text = readFileSync(join(at.keys, 'tokens.pem'), 'utf8')
  let told = 0
  const stop = tokens.onReplaced(() => told++)
  await tokens.replace()
  assert.equal(told, 1)
  assert.notEqual(tokens.keyId, before.keyId)
  assert.equal(tokens.verify(data, before.signature), false)
  assert.ok(tokens.verify(data, tokens.sign(data)))
  const spki = Buffer.from(tokens.publicKey)
  assert.ok(createPublicKey({ key: spki, format: 'der', type: 'spki' }))
  assert.notEqual(readFileSync(join(at.keys, 'tokens.pem'), 'utf8'), text)
  assert.equal(statSync(join(at.keys, 'tokens.pem')).mode & 0o777, 0o600)
  assert.equal(at.open().tokens.keyId, tokens.keyId)
  stop()
  await tokens.replace()
  assert.equal(told, 1)
})
