// Holds tests of how a gateway gets its identity over real TLS: once, from the authority that its token names, kept in its home, and back.

import assert from 'node:assert/strict'
import { X509Certificate, createPrivateKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { serve, type Served } from '../../../test/fakes/served.ts'
import { base64url, hex, sha256 } from '../../std/bytes.ts'
import { makeRequest } from '../holder/request.ts'
import { enrolGateway, renewAway, savedIdentity, type GatewayIdentity } from './identity.ts'

const WORD = { person: 'per_0', reason: 'a test' }

function homeOf(t: TestContext): string {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-gateway-'))
  t.after(() => rmSync(home, { recursive: true, force: true }))
  return home
}

async function tokenOf({ gateways, roots }: Served, name: string): Promise<string> {
  return (await gateways.add({ name }, WORD, roots)).token
}

const shownBy = (pem: string) => hex(sha256(new X509Certificate(pem).raw))

/** The same gateway as it was issued a certificate a day ago: TLS here has its own idea of time. */
async function endedIdentity(district: Served, of: GatewayIdentity): Promise<GatewayIdentity> {
  const { clock, gateways, roots } = district
  const now = clock.now()
  clock.setWall(now - 86_400_000)
  const { key, csr } = makeRequest()
  const { token } = await gateways.invite('edge', WORD, roots)
  const issued = await gateways.enrol({ token, csr }, roots)
  clock.setWall(now)
  assert.equal(gateways.byCertificate(shownBy(issued.certificates)), undefined)
  return { ...of, ...issued, key }
}

test('a gateway enrols over TLS, keeps its key where nobody else reads it, and comes back after its certificate has ended', async (t) => {
  await using district = await serve()
  const home = homeOf(t)
  assert.equal(savedIdentity(home), undefined)
  const token = await tokenOf(district, 'edge')
  const first = await enrolGateway(home, { identity: district.url, token })
  assert.equal(first.spiffe_id, 'spiffe://bailiwick.test/gateway/edge')
  assert.equal(first.trustDomain, 'bailiwick.test')
  assert.ok(new X509Certificate(first.certificates).checkPrivateKey(createPrivateKey(first.key)))
  assert.deepEqual(savedIdentity(home), first)
  const path = join(home, 'gateway.json')
  assert.equal(statSync(path).mode & 0o777, 0o600)
  assert.ok(!readFileSync(path, 'utf8').includes(token.split('.')[1]!), 'the token is not kept')
  assert.equal(district.gateways.byCertificate(shownBy(first.certificates))?.name, 'edge')
  await assert.rejects(
    enrolGateway(home, { identity: district.url, token }),
    faultOf('gateway.token'),
  )
  assert.deepEqual(savedIdentity(home), first, 'what was refused changes nothing here')
  const ended = await endedIdentity(district, first)
  const back = await renewAway(home, ended)
  assert.notEqual(back.key, ended.key)
  assert.deepEqual(savedIdentity(home), back)
  assert.equal(district.gateways.byCertificate(shownBy(back.certificates))?.name, 'edge')
  await district.gateways.remove('edge', WORD)
  await assert.rejects(renewAway(home, back), faultOf('gateway.token'))
  writeFileSync(path, '{"key":1}')
  assert.throws(() => savedIdentity(home), faultOf('server.home'))
})

test('a gateway tells its token to nobody but the authority that the token names', async (t) => {
  await using district = await serve()
  const token = await tokenOf(district, 'edge')
  const other = token.replace(/[^.]*$/, base64url(new Uint8Array(32)))
  const home = homeOf(t)
  await assert.rejects(
    enrolGateway(home, { identity: district.url, token: other }),
    faultOf('holder.wrong_authority'),
  )
  assert.deepEqual(district.refused, [], 'nothing was asked')
  assert.equal(savedIdentity(home), undefined)
})
