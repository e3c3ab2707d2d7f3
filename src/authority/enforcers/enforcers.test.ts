// Holds the tests of enforcers: what is registered, who is known by which assertion, and that revoking is for good.

import assert from 'node:assert/strict'
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import {
  faultOf,
  systemNamed,
  withAuthority,
  type AuthorityHome,
} from '../../../test/fakes/authority.ts'
import { canonicalJson, type Json, type JsonObject } from '../../std/json.ts'
import { writeJws } from '../../wire/jwt.ts'
import type { Authority } from '../open.ts'
import { replayEnforcers } from './enforcer-replay.ts'

const HERE = 'http://bailiwick.localhost:7400'
const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const WISH = { name: 'pep', publicKey: PEM, systems: ['files'] }

function run(
  body: (of: { home: AuthorityHome; authority: Authority; by: string }) => Promise<void>,
) {
  return withAuthority(async (home, authority) => {
    const { id } = await authority.people.create({ name: 'alice', roles: [] })
    await authority.systems.pin(systemNamed('files'), { person: id, reason: 'a test' })
    await body({ home, authority, by: id })
  })
}

function assertion(
  home: AuthorityHome,
  more: JsonObject = {},
  key: KeyObject = privateKey,
): string {
  const now = Math.floor(home.clock.now() / 1000)
  const claims = { iss: 'pep', sub: 'pep', aud: HERE, exp: now + 300, ...more }
  return writeJws({ alg: 'EdDSA' }, claims, (data) => new Uint8Array(sign(null, data, key)))
}

test('an enforcer is recorded, known by its assertion, and still there after a restart', () =>
  run(async ({ home, authority, by }) => {
    const added = await authority.enforcers.add(WISH, { person: by, reason: 'asks first' })
    assert.deepEqual(added.systems, ['files'])
    const { body, person } = home.audit.last('enforcer.added')
    assert.deepEqual([person, body['enforcer'], body['key']], [by, 'pep', added.key])
    assert.equal(authority.enforcers.identify(assertion(home), HERE).name, 'pep')
    const again = await home.reopen()
    assert.equal(
      canonicalJson(again.enforcers.list() as unknown as Json),
      canonicalJson([added] as unknown as Json),
    )
    assert.equal(again.enforcers.identify(assertion(home), HERE).name, 'pep')
  }))

for (const [title, wish, code] of [
  ['a name that is none', { ...WISH, name: 'P E P' }, 'name.invalid'],
  [
    'a private key',
    { ...WISH, publicKey: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    'enforcer.key',
  ],
  [
    'a key of another kind',
    {
      ...WISH,
      publicKey: generateKeyPairSync('ec', { namedCurve: 'secp384r1' })
        .publicKey.export({ type: 'spki', format: 'pem' })
        .toString(),
    },
    'enforcer.key',
  ],
  ['no key', { ...WISH, publicKey: 'x' }, 'enforcer.key'],
  ['no system', { ...WISH, systems: [] }, 'enforcer.systems'],
  ['a system that is not there', { ...WISH, systems: ['fils'] }, 'enforcer.systems'],
  ['an end that is over', { ...WISH, expiresAt: 1 }, 'enforcer.ends'],
  ['an end beyond a year', { ...WISH, expiresAt: 9e15 }, 'enforcer.ends'],
] as const) {
  test(`refused: ${title}`, () =>
    run(async ({ home, authority, by }) => {
      const records = home.audit.recorded.length
      await assert.rejects(
        authority.enforcers.add(wish, { person: by, reason: 'r' }),
        faultOf(code),
      )
      assert.equal(home.audit.recorded.length, records, 'nothing is recorded')
      assert.deepEqual(authority.enforcers.list(), [])
    }))
}

test('INV-9 what is no assertion of its key, for here, now, is nobody', () =>
  run(async ({ home, authority, by }) => {
    await authority.enforcers.add(WISH, { person: by, reason: 'r' })
    const refused = (text: string) =>
      assert.throws(() => authority.enforcers.identify(text, HERE), faultOf('enforcer.assertion'))
    const now = Math.floor(home.clock.now() / 1000)
    refused('')
    refused(assertion(home, { iss: 'other' }))
    refused(assertion(home, { iss: 'other', sub: 'other' }))
    refused(assertion(home, { aud: 'http://elsewhere' }))
    refused(assertion(home, { aud: [HERE, 'http://elsewhere'] }))
    refused(assertion(home, { exp: now }))
    refused(assertion(home, { exp: now + 3_600 }))
    refused(assertion(home, { nbf: now + 120 }))
    refused(assertion(home, {}, generateKeyPairSync('ed25519').privateKey))
    home.clock.advance(91 * 86_400_000)
    refused(assertion(home))
    assert.deepEqual(authority.enforcers.list(), [], 'it may ask for ninety days')
  }))

test('INV-13 a revoked enforcer is gone at once, keeps its name, and does not come back with a backup', () =>
  run(async ({ home, authority, by }) => {
    await authority.enforcers.add(WISH, { person: by, reason: 'r' })
    const [backup] = await home.store.enforcers.all()
    await authority.enforcers.revoke('pep', { person: by, reason: 'its key was lost' })
    assert.throws(() => authority.enforcers.identify(assertion(home), HERE))
    const again = authority.enforcers.add(WISH, { person: by, reason: 'r' })
    await assert.rejects(again, faultOf('enforcer.exists'))
    const unknown = authority.enforcers.revoke('pap', { person: by, reason: 'r' })
    await assert.rejects(unknown, faultOf('enforcer.unknown'))
    assert.ok(backup)
    const revoked = home.audit.last('enforcer.revoked')
    const logged = {
      index: 7,
      leaf: 'leaf',
      record: {
        ...revoked,
        v: 1,
        id: 'i',
        nonce: 'n',
        ts: '2026-01-01T00:00:00.000Z',
        gateway: 'g',
        boot: 'b',
        iseq: 1,
      } as const,
    }
    const rows = new Map([['pep', backup]])
    const store = {
      enforcers: {
        ...home.store.enforcers,
        all: () => Promise.resolve([...rows.values()]),
        replace: (held: typeof backup, doc: (typeof backup)['doc']) => {
          const next = { ...held, doc }
          rows.set(doc.name, next)
          return Promise.resolve(next)
        },
      },
    }
    const audit = { tail: () => Promise.resolve([logged]) }
    assert.equal(
      await replayEnforcers({ audit, store } as unknown as Parameters<typeof replayEnforcers>[0]),
      1,
    )
    assert.equal(rows.get('pep')?.doc.state, 'revoked')
  }))
