// Holds tests of JWT-SVIDs, one per MUST of the standard, with jose as a second opinion on signatures and claims.

import assert from 'node:assert/strict'
import { createHmac, createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import {
  createLocalJWKSet,
  decodeProtectedHeader,
  jwtVerify,
  SignJWT,
  type JSONWebKeySet,
} from 'jose'
import { base64url, utf8 } from '../../std/bytes.ts'
import { systemEntropy } from '../../std/entropy.ts'
import type { JsonObject } from '../../std/json.ts'
import { writeJws } from '../../wire/jwt.ts'
import { FakeAudit } from '../../../test/fakes/audit.ts'
import { FakeClock } from '../../../test/fakes/clock.ts'
import { fakeSigner, fakeTokenKey, p256 } from '../../../test/fakes/identity.ts'
import { tokenKeyEntries } from './bundle.ts'
import { JwtSvids, signJwtSvid, verifyJwtSvid } from './jwt-svid.ts'

const NOW = 1_767_225_600_000
const MINUTE = 60_000
const DOMAIN = 'bailiwick.test'
const INSTANCE = '019b76da-a800-7b27-815f-fd3933726ef7'
const ID = `spiffe://${DOMAIN}/agent/mail-sorter/${INSTANCE}`

const tokens = fakeTokenKey()
const by = { tokens, trustDomain: DOMAIN }
const keys = () =>
  ({
    keys: tokenKeyEntries([tokens]).map(({ use: _svid, ...key }) => key),
  }) as unknown as JSONWebKeySet

function sign(of: Partial<Parameters<typeof signJwtSvid>[1]> = {}): string {
  const usual = { spiffeId: ID, audience: ['reports'], id: 'one', now: NOW, life: 5 * MINUTE }
  return signJwtSvid(tokens, { ...usual, ...of })
}

/** One of ours with members of its header and its claims replaced; undefined takes one away. */
function forged(
  claims: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
  key = tokens,
): string {
  const whole = (usual: object, other: object) =>
    JSON.parse(JSON.stringify({ ...usual, ...other })) as JsonObject
  const exp = NOW / 1000 + 300
  return writeJws(
    whole({ alg: 'ES256', kid: tokens.keyId, typ: 'JWT' }, header),
    whole({ sub: ID, aud: ['reports'], exp, iat: NOW / 1000, jti: 'one' }, claims),
    (data) => key.sign(data),
  )
}

const verify = (text: string, audience = 'reports', now = NOW) =>
  verifyJwtSvid(by, { text, audience, now })

function refused(code: string, ...texts: string[]): void {
  for (const text of texts) assert.throws(() => verify(text), { code }, text)
}

test('what we sign, jose verifies; what jose signs, we verify', async () => {
  const ours = sign()
  const { payload, protectedHeader } = await jwtVerify(ours, createLocalJWKSet(keys()), {
    algorithms: ['ES256'],
    audience: 'reports',
    subject: ID,
    currentDate: new Date(NOW),
    requiredClaims: ['exp', 'iat', 'jti'],
  })
  assert.deepEqual(protectedHeader, { alg: 'ES256', kid: tokens.keyId, typ: 'JWT' })
  assert.deepEqual(payload, {
    sub: ID,
    aud: ['reports'],
    exp: NOW / 1000 + 300,
    iat: NOW / 1000,
    jti: 'one',
  })
  const pair = p256()
  const spki = new Uint8Array(createPublicKey(pair).export({ type: 'spki', format: 'der' }))
  const theirs = await new SignJWT({ sub: ID, aud: 'reports' })
    .setProtectedHeader({ alg: 'ES256', kid: 'theirs' })
    .setExpirationTime(NOW / 1000 + 60)
    .sign(pair)
  const other = { ...fakeTokenKey(), keyId: 'theirs', publicKey: spki }
  const read = verifyJwtSvid(
    { tokens: other, trustDomain: DOMAIN },
    { text: theirs, audience: 'reports', now: NOW },
  )
  assert.equal(read.instance, INSTANCE)
  assert.equal(read.id, undefined)
})

test('JWT-SVID §2 no header parameter but alg, kid and typ', () => {
  assert.deepEqual(Object.keys(decodeProtectedHeader(sign())).sort(), ['alg', 'kid', 'typ'])
  refused('jwt_svid.header', forged({}, { jku: 'https://a.test' }), forged({}, { x: 1 }))
  refused('jwt.header', forged({}, { crit: ['exp'] }))
})

test('JWT-SVID §2.1 §4 any alg but the one of our key is rejected before anything else is looked at', () => {
  for (const alg of ['none', 'HS256', 'RS256', 'ES384', 'EdDSA', 'es256', '', 7, null]) {
    refused('jwt.header', forged({}, { alg }))
  }
  const [head, body] = [
    { alg: 'none', typ: 'JWT' },
    { sub: ID, aud: 'reports', exp: 9e9 },
  ].map((part) => base64url(utf8(JSON.stringify(part))))
  refused('jwt.malformed', `${head}.${body}.`)
  // The public key as a secret: the oldest of tricks.
  const hs = base64url(utf8(JSON.stringify({ alg: 'HS256', typ: 'JWT', kid: tokens.keyId })))
  const mac = createHmac('sha256', tokens.publicKey).update(`${hs}.${body}`).digest()
  refused('jwt.header', `${hs}.${body}.${base64url(mac)}`)
})

test('JWT-SVID §2.2 a kid of another key, or none, is nobody', () => {
  refused(
    'jwt_svid.key',
    forged({}, { kid: fakeSigner('ES256').keyId }),
    forged({}, { kid: undefined }),
  )
  refused('jwt.signature', forged({}, {}, fakeTokenKey()))
})

test('JWT-SVID §2.3 typ is JWT, JOSE or absent, and nothing else: an access token is no JWT-SVID', () => {
  for (const typ of ['JWT', 'JOSE', undefined]) assert.ok(verify(forged({}, { typ })))
  for (const typ of ['at+jwt', 'dpop+jwt', 'jwt', '', 1]) refused('jwt.header', forged({}, { typ }))
})

test('JWT-SVID §3.1 sub is the SPIFFE ID of an instance of this trust domain', () => {
  const read = verify(sign())
  assert.deepEqual([read.spiffeId, read.agent, read.instance], [ID, 'mail-sorter', INSTANCE])
  for (const sub of [
    undefined,
    7,
    '',
    `spiffe://${DOMAIN}`,
    `spiffe://${DOMAIN}/bailiwick/gateway`,
    `spiffe://other.test/agent/mail-sorter/${INSTANCE}`,
    `SPIFFE://${DOMAIN}/agent/mail-sorter/${INSTANCE}`,
    `${ID}/more`,
    `${ID}?`,
  ]) {
    refused('jwt_svid.subject', forged({ sub }))
  }
})

test('JWT-SVID §3.2 §4 aud is there and holds what the verifier is', () => {
  assert.throws(() => sign({ audience: [] }), TypeError)
  assert.ok(verify(sign({ audience: ['a', 'reports'] })))
  assert.ok(verify(forged({ aud: 'reports' })))
  for (const aud of [undefined, [], '', 'report', 'reports ', ['Reports'], [['reports']], 7]) {
    refused('jwt_svid.audience', forged({ aud }))
  }
})

test('JWT-SVID §3.3 §4 exp is there and lies ahead; ours is five minutes at most', () => {
  const text = sign({ life: 60 * MINUTE })
  assert.equal(verify(text).expiresAt, NOW + 5 * MINUTE)
  assert.ok(verify(text, 'reports', NOW + 5 * MINUTE - 1))
  assert.throws(() => verify(text, 'reports', NOW + 5 * MINUTE), { code: 'jwt_svid.expired' })
  for (const exp of [undefined, 0, -1, NOW / 1000, '9999999999', 1e300, null, true]) {
    refused('jwt_svid.expired', forged({ exp }))
  }
})

test('JWT-SVID §5.1 only the compact serialisation is read', () => {
  const [head, body, tail] = sign().split('.')
  const json = JSON.stringify({ payload: body, protected: head, signature: tail })
  refused('jwt.malformed', json, `${head}.${body}`, `${head}.${body}.${tail}.a.b`, ` ${sign()}`)
  refused('jwt.malformed', `${head}=.${body}.${tail}`, `${sign()}${'A'.repeat(9_000)}`)
})

function service(live = true) {
  const [audit, clock] = [new FakeAudit(), new FakeClock(NOW)]
  const known = { agent: 'mail-sorter', spiffeId: ID, lifeEnds: NOW + 2 * MINUTE }
  const state = { live }
  const svids = new JwtSvids({
    tokens,
    trustDomain: DOMAIN,
    audit,
    clock,
    entropy: systemEntropy,
    live: (id) => (state.live && id === INSTANCE ? known : undefined),
  })
  return { audit, clock, state, svids, known }
}

const ask = { instance: INSTANCE, audience: ['reports'] }

test('INV-1 a JWT-SVID is recorded before it is signed, and never outlives its instance', async () => {
  const { audit, svids, state } = service()
  const text = await svids.sign(ask)
  const { body, instance, agent } = audit.last('svid.jwt_issued')
  assert.equal(verify(text).id, body['jti'])
  assert.equal(verify(text).expiresAt, NOW + 2 * MINUTE)
  assert.deepEqual([agent, instance, body['audience']], ['mail-sorter', INSTANCE, ['reports']])
  assert.ok(!JSON.stringify(body).includes(text.split('.')[2]!))
  assert.deepEqual((await svids.verify({ svid: text, audience: 'reports' })).spiffeId, ID)
  audit.fail()
  await assert.rejects(svids.sign(ask), { code: 'audit.unavailable' })
  audit.before = () => {
    state.live = false
  }
  await assert.rejects(svids.sign(ask), { code: 'identity.gone' }, 'revoked while it was recorded')
})

test('INV-5 a JWT-SVID of an instance that is gone, or of a key that was replaced, is worth nothing', async () => {
  const { svids, state, known, clock } = service()
  const text = await svids.sign(ask)
  state.live = false
  await assert.rejects(svids.verify({ svid: text, audience: 'reports' }), { code: 'identity.gone' })
  await assert.rejects(svids.sign(ask), { code: 'identity.gone' })
  assert.equal(svids.spiffeIdOf(INSTANCE), undefined)
  state.live = true
  known.agent = 'other'
  await assert.rejects(svids.verify({ svid: text, audience: 'reports' }), {
    code: 'jwt_svid.subject',
  })
  known.agent = 'mail-sorter'
  assert.equal(svids.spiffeIdOf(INSTANCE), ID)
  await tokens.replace()
  await assert.rejects(svids.verify({ svid: text, audience: 'reports' }), { code: 'jwt_svid.key' })
  clock.setWall(known.lifeEnds)
  await assert.rejects(svids.sign(ask), { code: 'identity.life_over' })
})
