// Holds the tests of key custody in files.

import assert from 'node:assert/strict'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createPublicKey, verify } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { hex, utf8 } from '../std/bytes.ts'
import { systemEntropy } from '../std/entropy.ts'
import { Fault } from '../std/fault.ts'
import { openKeyRing } from './file.ts'
import { checkKeyPath } from './permissions.ts'

const FILES = ['authority.pem', 'certificates.pem', 'encryption.key', 'log.pem', 'tokens.pem']
/** The keys that envelopes are under stand in a folder of their own. */
const WITH_FOLDER = [...FILES, 'envelopes'].sort()

/** Runs with the path of a key directory that is not there yet. */
function withHome(run: (directory: string) => void): void {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-keys-'))
  try {
    run(join(home, 'keys'))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

const open = (directory: string) => openKeyRing(directory, { entropy: systemEntropy })

const fails = (code: string, says: RegExp) => (error: unknown) =>
  error instanceof Fault && error.code === code && says.test(error.detail)

test('the first start makes five keys for us alone, and the next one finds the same', () => {
  withHome((directory) => {
    const first = open(directory)
    assert.deepEqual(readdirSync(directory).sort(), WITH_FOLDER)
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    assert.equal(statSync(join(directory, 'envelopes')).mode & 0o777, 0o700)
    for (const file of FILES) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600)
    const again = open(directory)
    assert.equal(again.roots.first?.keyId, first.roots.first?.keyId)
    for (const name of ['tokens', 'log', 'encryption', 'authority'] as const) {
      assert.equal(again[name].keyId, first[name].keyId)
    }
    const sealed = first.encryption.seal(utf8('held'), 'here')
    assert.deepEqual(again.encryption.open(sealed, 'here'), utf8('held'))
  })
})

test('the five keys are five, and none verifies what another signed', () => {
  withHome((directory) => {
    const ring = open(directory)
    const signers = [ring.roots.first!, ring.tokens, ring.log, ring.authority]
    assert.equal(new Set([...signers, ring.encryption].map((key) => key.keyId)).size, 5)
    assert.deepEqual(
      signers.map((signer) => signer.algorithm),
      ['ES256', 'ES256', 'Ed25519', 'Ed25519'],
    )
    const data = utf8('what is signed')
    for (const signer of signers) {
      const signature = signer.sign(data)
      assert.equal(signature.byteLength, 64)
      for (const other of signers) assert.equal(other.verify(data, signature), other === signer)
      assert.equal(signer.verify(utf8('something else'), signature), false)
      assert.equal(signer.verify(data, signature.subarray(1)), false)
    }
  })
})

test('ES256 signs in DER where that is asked for', () => {
  withHome((directory) => {
    const certificates = open(directory).roots.first!
    const data = utf8('to be certified')
    const key = createPublicKey({
      key: Buffer.from(certificates.publicKey),
      format: 'der',
      type: 'spki',
    })
    assert.ok(verify('sha256', data, key, certificates.sign(data, 'der')))
    assert.equal(verify('sha256', data, key, certificates.sign(data)), false)
  })
})

for (const file of FILES) {
  for (const mode of [0o640, 0o604, 0o620, 0o610]) {
    test(`${file} with mode ${mode.toString(8)} is refused, with the command that cures it`, () => {
      withHome((directory) => {
        open(directory)
        chmodSync(join(directory, file), mode)
        const says = new RegExp(`chmod 600 '${join(directory, file)}'`)
        assert.throws(() => open(directory), fails('keys.permissions', says))
        chmodSync(join(directory, file), 0o600)
        open(directory)
      })
    })
  }

  test(`a set without ${file} is refused, and nothing is made in its place`, () => {
    withHome((directory) => {
      open(directory)
      rmSync(join(directory, file))
      assert.throws(() => open(directory), fails('keys.incomplete', new RegExp(file)))
      assert.ok(!readdirSync(directory).includes(file))
    })
  })

  test(`${file} that was emptied is refused without a word of what it held`, () => {
    withHome((directory) => {
      open(directory)
      const text = readFileSync(join(directory, file), 'utf8')
      writeFileSync(join(directory, file), text.slice(0, text.length / 2))
      assert.throws(
        () => open(directory),
        (error: unknown) => {
          assert.ok(error instanceof Fault && error.code === 'keys.unreadable')
          assert.ok(!`${error.stack}`.includes(text.slice(30, 60)))
          assert.equal(error.cause, undefined)
          return true
        },
      )
    })
  })
}

test('a directory that others can enter is refused', () => {
  withHome((directory) => {
    open(directory)
    chmodSync(directory, 0o750)
    assert.throws(() => open(directory), fails('keys.permissions', /chmod 700/))
  })
})

test('a key that is a link is refused', () => {
  withHome((directory) => {
    open(directory)
    const path = join(directory, 'log.pem')
    copyFileSync(path, `${directory}.elsewhere`)
    rmSync(path)
    symlinkSync(`${directory}.elsewhere`, path)
    assert.throws(() => open(directory), fails('keys.permissions', /not a plain file/))
  })
})

test('a key of another user is refused', () => {
  withHome((directory) => {
    open(directory)
    const path = join(directory, 'tokens.pem')
    // Only root can give a file away; anyone else finds a file of root's.
    const root = process.getuid?.() === 0
    if (root) chownSync(path, 65534, 65534)
    const theirs = root ? path : '/etc/passwd'
    assert.throws(() => checkKeyPath(theirs, 'file'), fails('keys.permissions', /chown/))
    if (root) assert.throws(() => open(directory), fails('keys.permissions', /chown/))
  })
})

test('a key of another kind is refused', () => {
  withHome((directory) => {
    open(directory)
    copyFileSync(join(directory, 'log.pem'), join(directory, 'tokens.pem'))
    assert.throws(() => open(directory), fails('keys.unreadable', /another kind than ES256/))
  })
})

test('what a crash left beside the directory is thrown away, and an empty directory is filled', () => {
  withHome((directory) => {
    mkdirSync(`${directory}.making`, { mode: 0o700 })
    writeFileSync(join(`${directory}.making`, 'log.pem'), 'half')
    mkdirSync(directory, { mode: 0o700 })
    open(directory)
    assert.deepEqual(readdirSync(directory).sort(), WITH_FOLDER)
  })
})

test('a sealed value opens whole and in its own context only', () => {
  withHome((directory) => {
    const { encryption } = open(directory)
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        fc.string(),
        fc.string(),
        fc.nat(),
        (plain, context, other, place) => {
          const sealed = encryption.seal(plain, context)
          assert.deepEqual(encryption.open(sealed, context), plain)
          assert.notEqual(hex(encryption.seal(plain, context)), hex(sealed))
          const refused = fails('keys.unsealable', /changed, or belongs elsewhere/)
          if (other !== context) assert.throws(() => encryption.open(sealed, other), refused)
          const changed = sealed.slice()
          changed[place % changed.length]! ^= 1
          assert.throws(() => encryption.open(changed, context), refused)
          const cut = sealed.subarray(0, place % sealed.length)
          assert.throws(() => encryption.open(cut, context), refused)
        },
      ),
      { numRuns: 200 },
    )
  })
})
