// Holds tests of the root: made once, recorded first, opened again, refused when it belongs to something else.

import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { systemEntropy } from '../../std/entropy.ts'
import { FakeAudit } from '../../../test/fakes/audit.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { fakeSigner } from '../../../test/fakes/identity.ts'
import { openRoot, type RootOptions } from './root.ts'

function options(folder: string): RootOptions & { audit: FakeAudit; clock: FakeClock } {
  return {
    path: join(folder, 'ca.pem'),
    trustDomain: 'bailiwick.test',
    signer: fakeSigner('ES256'),
    audit: new FakeAudit(),
    clock: new FakeClock(),
    entropy: systemEntropy,
  }
}

function temporary(): { folder: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-root-'))
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true }) }
}

test('the root is made once, private, recorded, and found again', async () => {
  using at = temporary()
  const first = options(at.folder)
  const made = await openRoot(first)
  const again = await openRoot(first)
  assert.equal(again.fingerprint, made.fingerprint)
  assert.equal(again.pem, made.pem)
  assert.deepEqual(first.audit.types(), ['authority.root_issued'])
  assert.equal(first.audit.last('authority.root_issued').body['fingerprint'], made.fingerprint)
  assert.equal(statSync(first.path).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(at.folder), ['ca.pem'])
})

test('a root that cannot be recorded is not made', async () => {
  using at = temporary()
  const first = options(at.folder)
  first.audit.fail()
  await assert.rejects(openRoot(first), { code: 'audit.unavailable' })
  assert.deepEqual(readdirSync(at.folder), [])
  first.audit.recover()
  writeFileSync(`${first.path}.new`, 'left by a crash')
  await openRoot(first)
  assert.deepEqual(readdirSync(at.folder), ['ca.pem'])
})

test('a root of another key or trust domain, a broken and an ended one are refused', async () => {
  using at = temporary()
  const first = options(at.folder)
  await openRoot(first)
  const mismatch = { code: 'identity.root_mismatch' }
  await assert.rejects(openRoot({ ...first, signer: fakeSigner('ES256') }), mismatch)
  await assert.rejects(openRoot({ ...first, trustDomain: 'other.test' }), mismatch)
  first.clock.advance(3_700 * 86_400_000)
  await assert.rejects(openRoot(first), { code: 'identity.root_expired' })
  for (const text of ['', 'hello', first.path]) {
    writeFileSync(first.path, text)
    await assert.rejects(openRoot(first), mismatch)
  }
})
