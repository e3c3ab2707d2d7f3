// Holds tests of the trust bundle: a strict reader for every MUST of SPIFFE's format, over what our roots publish.

import assert from 'node:assert/strict'
import { X509Certificate, createPublicKey, type JsonWebKey } from 'node:crypto'
import { test } from 'node:test'
import type { JsonObject } from '../../std/json.ts'
import { Agent, request } from 'undici'
import { openDistrict } from '../../../test/fakes/district.ts'
import { serve } from '../../../test/fakes/served.ts'

const BY = { person: 'per_0', reason: 'it is time' }

/** A bundle as its consumer has it: what is not as the standards say throws. */
function readBundle(bundle: JsonObject): {
  sequence: number
  hint: number
  roots: X509Certificate[]
  tokenKeys: Map<string, JsonWebKey>
} {
  const { keys, spiffe_sequence: sequence, spiffe_refresh_hint: hint, ...more } = bundle
  assert.deepEqual(more, {}, 'parameters that are defined nowhere')
  assert.ok(Number.isSafeInteger(sequence) && Number.isSafeInteger(hint) && Array.isArray(keys))
  const roots: X509Certificate[] = []
  const tokenKeys = new Map<string, JsonWebKey>()
  for (const entry of keys as JsonObject[]) {
    const { kty, crv, x, y, use, kid, x5c, ...rest } = entry
    assert.deepEqual(rest, {}, 'SHOULD NOT include parameters which are defined neither here')
    assert.deepEqual([kty, crv], ['EC', 'P-256'])
    const jwk = { kty, crv, x, y } as JsonWebKey
    const key = createPublicKey({ key: jwk, format: 'jwk' })
    if (use === 'x509-svid') {
      assert.equal(kid, undefined, 'X509-SVID §6.1: kid MUST NOT be set')
      assert.ok(Array.isArray(x5c) && x5c.length === 1, 'X509-SVID §6.1: exactly one')
      const [text] = x5c as string[]
      assert.match(text!, /^[A-Za-z0-9+/]+={0,2}$/, 'RFC 7517 §4.7: base64, not base64url')
      const root = new X509Certificate(Buffer.from(text!, 'base64'))
      assert.ok(root.publicKey.equals(key), 'RFC 7517 §4.7: the key of the first certificate')
      assert.ok(root.ca && root.verify(key), 'X509-SVID §6.1: SHOULD be self-signed')
      roots.push(root)
    } else {
      assert.equal(use, 'jwt-svid')
      assert.equal(x5c, undefined)
      assert.ok(typeof kid === 'string' && kid !== '' && !tokenKeys.has(kid))
      tokenKeys.set(kid, jwk)
    }
  }
  return { sequence: Number(sequence), hint: Number(hint), roots, tokenKeys }
}

test('SPIFFE Bundle §4.1.3 §4.2 every entry has kty and use, and only what the standards define', async () => {
  await using district = await openDistrict(1_767_225_600_000)
  const { roots, tokenKeys, hint } = readBundle(district.identities.bundle())
  assert.deepEqual(
    roots.map((root) => root.raw),
    [district.root.certificate.raw],
  )
  assert.deepEqual([...tokenKeys.keys()], [district.roots.tokenKeyId])
  assert.equal(hint, 300)
  await district.roots.rotate({ ...BY, now: false })
  assert.equal(readBundle(district.identities.bundle()).roots.length, 2)
})

test('SPIFFE Bundle §4.1.1 the sequence grows with every change of the keys and with nothing else, over restarts too', async () => {
  await using district = await openDistrict(1_767_225_600_000)
  const seen: number[] = []
  let before = ''
  const look = () => {
    const bundle = district.identities.bundle()
    const { sequence } = readBundle(bundle)
    const keys = JSON.stringify(bundle['keys'])
    assert.equal(sequence !== seen.at(-1), keys !== before)
    assert.ok(sequence >= (seen.at(-1) ?? 0))
    seen.push(sequence)
    before = keys
  }
  look()
  await district.roots.rotate({ ...BY, now: false })
  look()
  await district.restart()
  look()
  await district.roots.rotate({ ...BY, now: true })
  look()
  await district.roots.replaceTokenKey(BY)
  look()
  district.clock.advance(80 * 60_000)
  await district.roots.sweep()
  look()
  await district.roots.rekey(BY)
  look()
  await district.restart()
  look()
  assert.deepEqual(seen, [1, 2, 2, 2, 3, 4, 5, 5])
})

test('JWT-SVID §6 the keys of JWT-SVIDs alone are the jwt-svid entries of the bundle', async () => {
  await using district = await openDistrict(1_767_225_600_000)
  const all = district.roots.bundle()['keys'] as JsonObject[]
  assert.deepEqual(
    district.roots.jwtKeys()['keys'],
    all.filter((key) => key['use'] === 'jwt-svid'),
  )
})

test('SPIFFE Bundle §5 the endpoint serves JSON over TLS 1.3 as our own SPIFFE ID, and asks caches to ask again', async () => {
  await using district = await serve()
  const { port } = new URL(district.url)
  const dispatcher = new Agent({ connect: { ca: district.root.pem, minVersion: 'TLSv1.3' } })
  const get = async (headers: Record<string, string> = {}) => {
    const answer = await request(`https://127.0.0.1:${port}/spiffe/bundle`, { dispatcher, headers })
    return { ...answer, text: await answer.body.text() }
  }
  const first = await get()
  assert.equal(first.statusCode, 200)
  assert.equal(first.headers['content-type'], 'application/json')
  assert.equal(first.headers['cache-control'], 'no-cache')
  assert.deepEqual(JSON.parse(first.text), district.roots.bundle())
  const etag = String(first.headers['etag'])
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const again = await get({ 'if-none-match': known })
    assert.deepEqual([again.statusCode, again.text], [304, ''])
  }
  assert.equal((await get({ 'if-none-match': '"other"' })).statusCode, 200)
  await district.roots.rotate({ ...BY, now: false })
  const changed = await get({ 'if-none-match': etag })
  assert.equal(changed.statusCode, 200)
  assert.equal(readBundle(JSON.parse(changed.text) as JsonObject).roots.length, 2)
  await dispatcher.close()
})

test('SPIFFE Bundle §4.1.1 a rekey that is not written yet has a sequence of its own already', async () => {
  await using district = await openDistrict(1_767_225_600_000)
  district.audit.fail()
  await assert.rejects(district.roots.rekey(BY), { code: 'audit.unavailable' })
  const early = readBundle(district.identities.bundle())
  assert.equal(early.sequence, 2)
  district.audit.recover()
  await district.roots.sweep()
  const written = readBundle(district.identities.bundle())
  assert.equal(written.sequence, 2)
  assert.deepEqual(
    written.roots.map((root) => root.raw),
    early.roots.map((root) => root.raw),
  )
})
