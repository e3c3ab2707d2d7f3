// Holds attacks on how gateways come to be: tokens shown twice and elsewhere, borrowed keys, forged and foreign certificates, names in requests.

import assert from 'node:assert/strict'
import type { KeyObject } from 'node:crypto'
import { after, before, test } from 'node:test'
import { Agent, request } from 'undici'
import {
  issueGateway,
  issueRoot,
  issuer,
  leafValidity,
} from '../../src/authority/identity/certificate.ts'
import { context, oid, sequence, set, utf8String } from '../../src/std/der.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { pem } from '../../src/std/pem.ts'
import type { IssuedGateway } from '../../src/wire/gateway-identity.ts'
import { PERSON } from '../fakes/district.ts'
import { fakeRequest, fakeSigner, p256, spkiOf } from '../fakes/identity.ts'
import { serve, type Served } from '../fakes/served.ts'

const WORD = { person: PERSON, reason: 'a test' }
const ENROL = '/v1/gateways/enroll'
const RENEW = '/v1/gateways/renew'

interface Credential {
  readonly key: KeyObject
  readonly cert: string
}

let district: Served
before(async () => (district = await serve()))
after(() => district[Symbol.asyncDispose]())

/** One request over TLS, and what came of it: a code, or 200. */
async function send(
  path: string,
  body: unknown,
  { as, method = 'POST' }: { readonly as?: Credential; readonly method?: 'GET' | 'POST' } = {},
): Promise<{ readonly told: string | number; readonly answer: Record<string, unknown> }> {
  const key = as?.key.export({ type: 'pkcs8', format: 'pem' }).toString()
  const client = as === undefined ? {} : { key: key!, cert: as.cert }
  const dispatcher = new Agent({ connect: { ca: district.root.pem, ...client } })
  try {
    const url = `${district.url.replace('bailiwick.localhost', '127.0.0.1')}${path}`
    const text = typeof body === 'string' ? body : JSON.stringify(body)
    const headers = { 'content-type': 'application/json' }
    const response = await request(url, {
      dispatcher,
      method,
      headers,
      body: method === 'GET' ? null : text,
    })
    const answer = (await response.body.json()) as Record<string, unknown>
    return { told: response.statusCode === 200 ? 200 : String(answer['code']), answer }
  } finally {
    await dispatcher.destroy()
  }
}

async function invited(name: string): Promise<string> {
  return (await district.gateways.add({ name }, WORD, district.roots)).token
}

async function gateway(name: string): Promise<Credential & { readonly issued: IssuedGateway }> {
  const [token, key] = [await invited(name), p256()]
  const { told, answer } = await send(ENROL, { token, csr: fakeRequest(key) })
  assert.equal(told, 200)
  const issued = answer as unknown as IssuedGateway
  return { key, cert: issued.certificates, issued }
}

/** An instance of an agent, as it enrolled by a join token of its own. */
async function instance(): Promise<Credential> {
  const key = p256()
  const { token } = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  const issued = await district.identities.enrol({ token, csr: fakeRequest(key) })
  return { key, cert: issued.certificates }
}

const csr = (): string => fakeRequest(p256())

test('a stolen token makes one gateway however many come with it, and no token works where it is not meant', async () => {
  const token = await invited('stolen')
  const agents = await district.identities.issueJoinToken({ agent: 'night-watch', by: PERSON })
  assert.equal((await send('/v1/enroll', { token, csr: csr() })).told, 'join_token.unknown')
  assert.equal((await send(ENROL, { token: agents.token, csr: csr() })).told, 'gateway.token')
  const came = await Promise.all(
    Array.from({ length: 6 }, () => send(ENROL, { token, csr: csr() })),
  )
  const told = came.map((one) => one.told)
  assert.equal(told.filter((one) => one === 200).length, 1)
  assert.equal(told.filter((one) => one === 'gateway.token').length, 5)
  const types = district.audit.types().filter((type) => type === 'gateway.join_token_reused')
  assert.equal(types.length, 1)
  // Neither of the other two was used up by being shown elsewhere.
  const entered = await send('/v1/enroll', { token: agents.token, csr: csr() })
  assert.equal(entered.told, 200)
})

test('INV-8 a request with a key of an instance, of another gateway, or that proves none, uses no token up', async () => {
  const [agent, other] = [await instance(), await gateway('other')]
  const token = await invited('borrower')
  for (const { key } of [agent, other]) {
    assert.equal((await send(ENROL, { token, csr: fakeRequest(key) })).told, 'gateway.key')
  }
  const named = sequence(set(sequence(oid('2.5.4.3'), utf8String('spiffe://x/gateway/other'))))
  const wish = context(0, sequence(oid('1.2.840.113549.1.9.14'), set(sequence())))
  const unproven = fakeRequest(p256(), { signedBy: p256() })
  const asking = [
    unproven,
    fakeRequest(p256(), { subject: named }),
    fakeRequest(p256(), { attributes: wish }),
    'x',
  ]
  for (const bad of asking) {
    assert.match(String((await send(ENROL, { token, csr: bad })).told), /^identity\.csr_|^pem\./)
  }
  assert.equal(district.gateways.get('borrower')?.state, 'invited')
  assert.equal((await send(ENROL, { token, csr: csr() })).told, 200)
})

test('nobody comes back as a gateway by a certificate that the registry does not know', async () => {
  const { issued, ...real } = await gateway('real')
  const validity = leafValidity(district.clock.now(), 3_600_000)
  const of = { name: 'real', names: [] }
  // Made with the stolen key of the root itself; and by an authority of the same name.
  const [key, strangers] = [p256(), p256()]
  const forged = issueGateway(district.root.issuer, { ...of, publicKey: spkiOf(key) }, validity)
  const by = issuer('bailiwick.test', fakeSigner('ES256'), systemEntropy)
  const root = issueRoot(by, validity)
  const foreign = issueGateway(by, { ...of, publicKey: spkiOf(strangers) }, validity)
  const certificates = (...ders: Uint8Array[]) =>
    ders.map((der) => pem('CERTIFICATE', der)).join('')
  const impostors = [
    { key, cert: certificates(forged) },
    { key: strangers, cert: certificates(foreign, root) },
    await instance(),
  ]
  for (const as of impostors) {
    assert.equal((await send(RENEW, { csr: csr() }, { as })).told, 'gateway.token')
  }
  assert.equal((await send(RENEW, { csr: csr() })).told, 'identity.client_certificate')
  assert.equal((await send(RENEW, { csr: csr() }, { as: real })).told, 200)
  await district.gateways.remove('real', WORD)
  assert.equal((await send(RENEW, { csr: csr() }, { as: real })).told, 'gateway.token')
  assert.equal(issued.name, 'real')
})

test('INV-9 a gateway is no instance: its certificate renews, ends and asks for nothing as an agent', async () => {
  const as = await gateway('posing')
  const doors = [
    ['/v1/renew', { csr: csr() }],
    ['/v1/end', {}],
  ] as const
  for (const [path, body] of doors) {
    const { told } = await send(path, body, { as })
    assert.notEqual(told, 200, path)
    assert.match(String(told), /^identity\./, path)
  }
  assert.ok(district.gateways.get('posing'))
})

test('INV-10 bodies that are too much, too deep or not what is asked for are answered, and nothing is lost', async () => {
  const token = await invited('patient')
  const bodies: readonly (readonly [unknown, string])[] = [
    ['{', 'json.syntax'],
    [{ token }, 'gateway.request'],
    [{ token, csr: csr(), name: 'other' }, 'gateway.request'],
    [{ token: [token], csr: csr() }, 'gateway.request'],
    [`{"token":"${token}","csr":"a","csr":"b"}`, 'json.duplicate_key'],
    [{ token: `${token}.x`, csr: csr() }, 'join_token.malformed'],
    ['['.repeat(5_000), 'json.depth'],
    [{ token, csr: 'x'.repeat(200_000) }, 'identity.body_size'],
  ]
  for (const [body, code] of bodies) {
    const { told, answer } = await send(ENROL, body)
    assert.equal(told, code)
    assert.ok(!JSON.stringify(answer).includes(token.split('.')[1]!), 'no token in an error')
  }
  assert.equal((await send(ENROL, {}, { method: 'GET' })).told, 'identity.method')
  assert.equal((await send(ENROL, { token, csr: csr() })).told, 200)
})
