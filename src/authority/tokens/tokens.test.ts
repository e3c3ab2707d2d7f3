// Holds the tests of tokens: recorded first, bound, narrow, short, and gone with what they hang on.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify, type JSONWebKeySet } from 'jose'
import { faultOf } from '../../../test/fakes/authority.ts'
import {
  enrol,
  GATEWAY,
  instanceId,
  tokenBench,
  type TokenBench,
} from '../../../test/fakes/tokens.ts'
import type { Delegation } from '../../store/rows/delegation.ts'
import type { Presented, Unauthenticated } from '../../wire/presented.ts'
import type { TokenFacts } from './tokens.ts'

const JKT = 'k'.repeat(43)
const DPOP = { kind: 'dpop', value: JKT } as const

function shown(text: string, more: Partial<Presented> = {}): Presented {
  return { token: { scheme: 'DPoP', text }, jkt: JKT, resource: `${GATEWAY}/fs`, ...more }
}

function codeOf(found: TokenFacts | Unauthenticated): string {
  return 'refused' in found ? found.code : 'good'
}

async function claimsOf(bench: TokenBench, text: string) {
  const keys = createLocalJWKSet(bench.tokens.jwks() as unknown as JSONWebKeySet)
  return jwtVerify(text, keys, {
    issuer: 'https://127.0.0.1:7402',
    typ: 'at+jwt',
    currentDate: new Date(bench.clock.now()),
  })
}

/** A chain: a person to instance 1, and instance 1 to instance 2. */
function chain(bench: TokenBench): void {
  const now = bench.clock.now()
  const first: Delegation = {
    id: 'd1',
    person: 'per_0',
    agent: 'mail-sorter',
    instance: instanceId(1),
    scope: ['fs/*', 'mail/send'],
    createdAt: now,
    expiresAt: now + 86_400_000,
  }
  const second: Delegation = {
    ...first,
    id: 'd2',
    agent: 'helper',
    instance: instanceId(2),
    by: { instance: instanceId(1), agent: 'mail-sorter' },
    parent: 'd1',
    scope: ['fs/*'],
    expiresAt: now + 60_000,
  }
  bench.chains.held.set('d1', first)
  bench.chains.held.set('d2', second)
  enrol(bench, 1, { delegation: 'd1' })
  enrol(bench, 2, { delegation: 'd2', agent: 'helper' })
}

test('INV-8 a token is recorded, bound, at most ten minutes long, and good where it is meant for', async () => {
  await using bench = await tokenBench({ life: 86_400_000 })
  enrol(bench, 1)
  const issued = await bench.tokens.issue({
    instance: instanceId(1),
    audience: [GATEWAY],
    scope: ['fs/read'],
    binding: DPOP,
  })
  assert.equal(issued.expiresAt, bench.clock.now() + 600_000)
  assert.deepEqual(bench.audit.last('token.issued').body, {
    token: issued.id,
    binding: 'dpop',
    expiresAt: issued.expiresAt,
  })
  assert.deepEqual(bench.tokens.check(shown(issued.text)), {
    id: issued.id,
    instance: instanceId(1),
    scope: ['fs/read'],
    binding: DPOP,
    ends: issued.expiresAt,
  })
  const { payload, protectedHeader } = await claimsOf(bench, issued.text)
  assert.equal(protectedHeader.typ, 'at+jwt')
  assert.deepEqual(payload['cnf'], { jkt: JKT })
  assert.equal(payload['scope'], 'fs/read')
  assert.equal(payload.aud, GATEWAY)
})

test('INV-1 a token that cannot be recorded does not exist', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  bench.audit.fail()
  const of = { instance: instanceId(1), audience: [GATEWAY], binding: DPOP }
  await assert.rejects(bench.tokens.issue(of), faultOf('audit.unavailable'))
  assert.equal(bench.tokens.size, 0)
  assert.deepEqual(await bench.store.tokens.all(), [])
  bench.audit.recover()
  await bench.tokens.issue(of)
})

test('a token is refused elsewhere, under another scheme, without its key, and after its end', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const of = { instance: instanceId(1), audience: [`${GATEWAY}/fs`], binding: DPOP }
  const { text } = await bench.tokens.issue(of)
  const check = (more: Partial<Presented>) => codeOf(bench.tokens.check(shown(text, more)))
  assert.equal(check({}), 'good')
  assert.equal(check({ resource: GATEWAY }), 'token.audience')
  assert.equal(check({ resource: `${GATEWAY}/mail` }), 'token.audience')
  assert.equal(check({ resource: `${GATEWAY}/fs2` }), 'token.audience')
  assert.equal(check({ resource: 'http://127.0.0.1:7401/mcp/fs' }), 'token.audience')
  assert.equal(check({ token: { scheme: 'Bearer', text } }), 'token.binding')
  assert.equal(check({ jkt: 'x'.repeat(43) }), 'token.binding')
  assert.equal(
    codeOf(bench.tokens.check({ token: { scheme: 'DPoP', text }, resource: `${GATEWAY}/fs` })),
    'token.binding',
  )
  assert.equal(check({ token: { scheme: 'DPoP', text: `${text}A` } }), 'token.unknown')
  bench.clock.advance(600_000)
  assert.equal(check({}), 'token.expired')
})

test('a token for all systems covers each, and nothing that only looks alike', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const { text } = await bench.tokens.issue({
    instance: instanceId(1),
    audience: [GATEWAY],
    binding: DPOP,
  })
  const check = (resource: string) => codeOf(bench.tokens.check(shown(text, { resource })))
  assert.equal(check(GATEWAY), 'good')
  assert.equal(check(`${GATEWAY}/fs`), 'good')
  assert.equal(check('https://127.0.0.1:7443/mcpx'), 'token.audience')
  assert.equal(check('https://127.0.0.1:7443'), 'token.audience')
})

test('RFC 8705 §3 a token that is bound to a certificate is good with that certificate alone, and not beyond it', async () => {
  await using bench = await tokenBench()
  const fingerprint = 'aa'.repeat(32)
  const value = Buffer.from(fingerprint, 'hex').toString('base64url')
  const notAfter = bench.clock.now() + 60_000
  enrol(bench, 1, { certificates: new Map([[fingerprint, { notAfter }]]) })
  const of = { instance: instanceId(1), audience: [GATEWAY] }
  const { text, expiresAt } = await bench.tokens.issue({ ...of, binding: { kind: 'mtls', value } })
  assert.equal(expiresAt, notAfter)
  const check = (more: Partial<Presented>) =>
    codeOf(bench.tokens.check({ token: { scheme: 'Bearer', text }, resource: GATEWAY, ...more }))
  assert.equal(check({ certificate: fingerprint }), 'good')
  assert.equal(check({ certificate: 'bb'.repeat(32) }), 'token.binding')
  assert.equal(check({}), 'token.binding')
  assert.equal(
    check({ certificate: fingerprint, token: { scheme: 'DPoP', text } }),
    'token.binding',
  )
  const other = {
    kind: 'mtls',
    value: Buffer.from('bb'.repeat(32), 'hex').toString('base64url'),
  } as const
  await assert.rejects(bench.tokens.issue({ ...of, binding: other }), faultOf('token.binding'))
})

test('INV-8 an unbound token is an explicit setting, short, and marked', async () => {
  const of = { instance: instanceId(1), audience: [GATEWAY] }
  await using bench = await tokenBench()
  enrol(bench, 1)
  await assert.rejects(bench.tokens.issue(of), faultOf('token.unbound'))

  await using loose = await tokenBench({ unboundLife: 3_600_000 })
  enrol(loose, 1)
  const { text, expiresAt } = await loose.tokens.issue(of)
  assert.equal(expiresAt, loose.clock.now() + 300_000)
  assert.equal(loose.audit.last('token.issued').body['binding'], 'none')
  const presented: Presented = { token: { scheme: 'Bearer', text }, resource: GATEWAY }
  const found = loose.tokens.check(presented)
  assert.ok(!('refused' in found) && found.binding === undefined)
  assert.equal(codeOf(loose.tokens.check(shown(text))), 'token.binding')
})

test('INV-4 act mirrors the chain of delegations, and the token ends with the first of them', async () => {
  await using bench = await tokenBench()
  chain(bench)
  const { text, expiresAt } = await bench.tokens.issue({
    instance: instanceId(2),
    audience: [GATEWAY],
    binding: DPOP,
  })
  assert.equal(expiresAt, bench.clock.now() + 60_000)
  const { payload } = await claimsOf(bench, text)
  assert.equal(payload.sub, 'per_0')
  assert.deepEqual(payload['act'], {
    sub: `spiffe://bailiwick.test/agent/helper/${instanceId(2)}`,
    act: { sub: `spiffe://bailiwick.test/agent/mail-sorter/${instanceId(1)}` },
  })
  assert.deepEqual(payload['bailiwick'], {
    delegation: 'd2',
    chain: ['d1', 'd2'],
    agent: 'helper',
    instance: instanceId(2),
    offline: 'valid at issue',
  })
})

test('INV-4 a scope is never wider than any delegation above, and a delegation is that of the instance', async () => {
  await using bench = await tokenBench()
  chain(bench)
  const of = { audience: [GATEWAY], binding: DPOP }
  const two = { ...of, instance: instanceId(2) }
  await bench.tokens.issue({ ...two, scope: ['fs/read'] })
  await assert.rejects(bench.tokens.issue({ ...two, scope: ['mail/send'] }), faultOf('token.wider'))
  await assert.rejects(bench.tokens.issue({ ...two, scope: ['*'] }), faultOf('token.wider'))
  await assert.rejects(bench.tokens.issue({ ...two, scope: ['fs'] }), faultOf('token.scope'))
  await assert.rejects(
    bench.tokens.issue({ ...two, delegation: 'd1' }),
    faultOf('token.not_its_delegation'),
  )
  await assert.rejects(
    bench.tokens.issue({ ...of, instance: instanceId(1), delegation: 'd2' }),
    faultOf('token.not_its_delegation'),
  )
  bench.chains.held.delete('d1')
  await assert.rejects(bench.tokens.issue(two), faultOf('token.delegation_over'))
})

test('a token that hands a delegation on names who may act, and nobody acts by it yet', async () => {
  await using bench = await tokenBench()
  chain(bench)
  const mayAct = `spiffe://bailiwick.test/agent/helper/${instanceId(2)}`
  const { text } = await bench.tokens.issue({
    instance: instanceId(1),
    delegation: 'd2',
    audience: ['https://127.0.0.1:7402'],
    mayAct,
  })
  const { payload } = await claimsOf(bench, text)
  assert.deepEqual(payload['may_act'], { sub: mayAct })
  assert.equal(payload.sub, 'per_0')
  assert.deepEqual(payload['act'], {
    sub: `spiffe://bailiwick.test/agent/mail-sorter/${instanceId(1)}`,
  })
  assert.equal(codeOf(bench.tokens.check(shown(text))), 'token.audience')
})

test('INV-5 tokens die with the instance, the delegation, the family and the word of revocation', async () => {
  await using bench = await tokenBench()
  chain(bench)
  const of = { instance: instanceId(2), audience: [GATEWAY], binding: DPOP }
  const code = (text: string) => codeOf(bench.tokens.check(shown(text)))
  const one = await bench.tokens.issue(of)
  const two = await bench.tokens.issue({ ...of, family: 'f1' })
  const three = await bench.tokens.issue(of)
  await bench.tokens.revoke(one.id, 'its holder gave it back')
  assert.equal(bench.audit.last('token.revoked').body['token'], one.id)
  assert.deepEqual(
    [one, two, three].map((t) => code(t.text)),
    ['token.unknown', 'good', 'good'],
  )
  await bench.tokens.revokeFamily('f1', 'a refresh token was used twice')
  assert.deepEqual(
    [two, three].map((t) => code(t.text)),
    ['token.unknown', 'good'],
  )
  bench.chains.held.delete('d1')
  assert.equal(code(three.text), 'token.delegation_over')
  bench.chains.end('d2')
  assert.equal(bench.tokens.size, 0)

  const four = await bench.tokens
    .issue({ ...of, instance: instanceId(1), delegation: 'd1' })
    .catch(() => undefined)
  assert.equal(four, undefined)
  enrol(bench, 3)
  const five = await bench.tokens.issue({ ...of, instance: instanceId(3) })
  assert.equal(code(five.text), 'good')
  bench.holders.end(instanceId(3))
  assert.equal(code(five.text), 'token.unknown')
  assert.equal(bench.tokens.size, 0)
})

test('a revocation is in force before it is written, and written once when it can be', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const { id, text } = await bench.tokens.issue({
    instance: instanceId(1),
    audience: [GATEWAY],
    binding: DPOP,
  })
  bench.audit.fail()
  await assert.rejects(bench.tokens.revoke(id, 'stolen'), faultOf('audit.unavailable'))
  assert.equal(codeOf(bench.tokens.check(shown(text))), 'token.unknown')
  bench.audit.recover()
  bench.timer.fire()
  await bench.tokens.close()
  assert.equal(bench.audit.types().filter((type) => type === 'token.revoked').length, 1)
  assert.equal((await bench.store.tokens.get(id))?.doc.state, 'revoked')
})

test('an instance that ended while its token was written gets none', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  bench.audit.before = () => bench.holders.end(instanceId(1))
  const of = { instance: instanceId(1), audience: [GATEWAY], binding: DPOP }
  await assert.rejects(bench.tokens.issue(of), faultOf('token.instance_gone'))
  assert.equal(bench.tokens.size, 0)
})

test('after a restart the tokens of live instances are good, revoked ones are not', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  enrol(bench, 2)
  const of = { audience: [GATEWAY], binding: DPOP }
  const one = await bench.tokens.issue({ ...of, instance: instanceId(1) })
  const two = await bench.tokens.issue({ ...of, instance: instanceId(1) })
  const three = await bench.tokens.issue({ ...of, instance: instanceId(2) })
  await bench.tokens.revoke(two.id, 'done')
  bench.holders.held.delete(instanceId(2))
  await bench.restart()
  const code = (text: string) => codeOf(bench.tokens.check(shown(text)))
  assert.deepEqual(
    [one, two, three].map((t) => code(t.text)),
    ['good', 'token.unknown', 'token.unknown'],
  )
  const [head, body, tail = ''] = one.text.split('.')
  const forged = `${head}.${body}.${tail.startsWith('A') ? 'B' : 'A'}${tail.slice(1)}`
  await bench.restart()
  assert.equal(code(forged), 'token.unknown')
  assert.equal(code(one.text), 'good')
})

test('tokens leave memory and the database when they have ended', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  await bench.tokens.issue({ instance: instanceId(1), audience: [GATEWAY], binding: DPOP })
  bench.clock.advance(600_001)
  bench.timer.fire()
  await bench.tokens.close()
  assert.equal(bench.tokens.size, 0)
  assert.deepEqual(await bench.store.tokens.all(), [])
})

test('INV-10 one instance cannot fill the memory, not even with requests at once', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const of = { instance: instanceId(1), audience: [GATEWAY], binding: DPOP }
  const asked = Array.from({ length: 300 }, () => bench.tokens.issue(of))
  const answers = await Promise.allSettled(asked)
  assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 256)
  await assert.rejects(bench.tokens.issue(of), faultOf('token.too_many'))
})

test('INV-5 what a token was exchanged for dies with it, to the last link', async () => {
  await using bench = await tokenBench()
  enrol(bench, 1)
  const of = { instance: instanceId(1), audience: [GATEWAY], binding: DPOP }
  const one = await bench.tokens.issue(of)
  const two = await bench.tokens.issue({ ...of, parent: one.id })
  const three = await bench.tokens.issue({ ...of, parent: two.id })
  const other = await bench.tokens.issue(of)
  const code = (text: string) => codeOf(bench.tokens.check(shown(text)))
  await bench.tokens.revoke(one.id, 'stolen')
  assert.deepEqual(
    [one, two, three, other].map((t) => code(t.text)),
    ['token.unknown', 'token.unknown', 'token.unknown', 'good'],
  )
  await assert.rejects(bench.tokens.issue({ ...of, parent: two.id }), faultOf('token.unknown'))
  await bench.restart()
  assert.equal(bench.tokens.size, 1)
})
