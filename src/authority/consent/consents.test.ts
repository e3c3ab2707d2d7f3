// Holds the tests of consents: codes, families and what ends with what, over a real database.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { GATEWAY, ISSUER } from '../../../test/fakes/consent.ts'
import {
  ConsentWorld as World,
  dpop,
  granted,
  HOUR,
  refusedWith,
} from '../../../test/fakes/consent-world.ts'
import type { Consent } from './consents.ts'

test('a consent becomes one delegation, one instance and tokens, each of what was ticked', async () => {
  await using world = await World.open()
  const code = await world.code({}, ['files/read_file'])
  assert.equal(world.ground.instances.size, 0, 'nothing is made before the code is used')
  const { token, refresh, scope } = granted(await world.redeem(code))
  assert.deepEqual(scope, ['files/read_file'])
  const [delegation] = world.ground.delegations.values()
  assert.deepEqual(delegation?.scope, ['files/read_file'])
  assert.equal(delegation?.person, world.person)
  const [consent] = world.consents.list()
  assert.equal(consent?.instance, [...world.ground.instances.keys()][0])
  assert.equal(consent?.binding, 'dpop')
  assert.deepEqual(world.ground.tokens[0]?.audience, [`${GATEWAY}/mcp/files`])
  assert.ok(refresh !== undefined && token.text !== '')
  assert.deepEqual(world.types(), ['consent.given', 'consent.redeemed', 'consent.begun'])
})

test('RFC 9207 §2 the answer has the code, the state as it came, and the issuer', async () => {
  await using world = await World.open()
  const state = 'a b\r\nSet-Cookie: x=1 &iss=https://evil.example'
  const request = await world.request({ state })
  const of = { request, person: world.person, scope: request.scope, lifeMs: HOUR }
  const location = await world.consents.agree(of)
  assert.ok(!/[\r\n]/.test(location))
  const { searchParams } = new URL(location)
  assert.equal(searchParams.get('state'), state)
  assert.deepEqual(searchParams.getAll('iss'), [ISSUER])
})

test('more than was asked for cannot be granted, nor nothing', async () => {
  await using world = await World.open()
  const request = await world.request({ scope: 'files/read_file' })
  const of = { request, person: world.person, lifeMs: HOUR }
  const grant = (scope: readonly string[]) => world.consents.agree({ ...of, scope })
  await assert.rejects(grant(['files/*']), faultOf('consent.wider'))
  await assert.rejects(grant(['mail/send']), faultOf('consent.wider'))
  await assert.rejects(grant([]), faultOf('consent.nothing'))
})

test('RFC 6749 §4.1.2 a code is used once, and its second use ends what the first gave', async () => {
  await using world = await World.open()
  const code = await world.code()
  const { token } = granted(await world.redeem(code))
  refusedWith(await world.redeem(code), 'invalid_grant')
  assert.deepEqual(world.consents.list(), [])
  assert.deepEqual(world.ground.revokedTokens, [token.text])
  assert.equal(world.ground.delegations.size + world.ground.instances.size, 0)
  assert.equal(world.types().at(-1), 'consent.ended')
})

test('a second use after a restart is known for what it is', async () => {
  await using world = await World.open()
  const code = await world.code()
  granted(await world.redeem(code))
  await world.consents.close()
  await world.reopen()
  assert.equal(world.consents.list().length, 1)
  refusedWith(await world.redeem(code), 'invalid_grant')
  assert.equal(world.consents.list().length, 0)
})

test('two who come with one code at once leave nothing', async () => {
  await using world = await World.open()
  const code = await world.code()
  const [first, second] = await Promise.all([world.redeem(code), world.redeem(code)])
  granted(first)
  refusedWith(second, 'invalid_grant')
  assert.deepEqual(world.consents.list(), [])
  assert.equal(world.ground.instances.size, 0)
})

test('RFC 6749 §4.1.2 a code ends after a minute', async () => {
  await using world = await World.open()
  const code = await world.code()
  world.home.clock.advance(60_000)
  refusedWith(await world.redeem(code), 'invalid_grant')
})

test('RFC 6749 §4.1.3 a code is for its client, its redirect URI and its verifier; tried with another, it is gone', async () => {
  await using world = await World.open()
  for (const more of [
    { verifier: 'w'.repeat(43) },
    { verifier: undefined },
    { client: 'https://other.example/client.json' },
    { redirect: 'http://127.0.0.1:1/other' },
  ]) {
    const code = await world.code()
    refusedWith(await world.redeem(code, more), 'invalid_grant')
    refusedWith(await world.redeem(code), 'invalid_grant')
  }
  assert.equal(world.ground.tokens.length, 0)
})

test('nothing begins for an agent that was suspended within the minute', async () => {
  await using world = await World.open()
  const code = await world.code()
  world.agentState = 'suspended'
  refusedWith(await world.redeem(code), 'invalid_grant')
  assert.equal(world.ground.instances.size, 0)
})

test('RFC 9449 §10 the key of dpop_jkt has to be the one that is proven', async () => {
  await using world = await World.open(60_000)
  const jkt = 'j'.repeat(43)
  refusedWith(await world.redeem(await world.code({ dpop_jkt: jkt })), 'invalid_dpop_proof')
  refusedWith(
    await world.redeem(await world.code({ dpop_jkt: jkt }), { binding: undefined }),
    'invalid_dpop_proof',
  )
  granted(await world.redeem(await world.code({ dpop_jkt: jkt }), { binding: dpop(jkt) }))
})

test('INV-8 no token is bound to nothing unless the setting says so, and the error says which', async () => {
  await using world = await World.open()
  const answer = await world.redeem(await world.code(), { binding: undefined })
  refusedWith(answer, 'invalid_dpop_proof')
  assert.match('description' in answer ? answer.description : '', /BAILIWICK_UNBOUND_TOKENS_S/)
  await using other = await World.open(60_000)
  granted(await other.redeem(await other.code(), { binding: undefined }))
  assert.equal(other.consents.list()[0]?.binding, 'none')
  // A client that promised a key is held to it.
  other.document = { dpop_bound_access_tokens: true }
  refusedWith(await other.redeem(await other.code(), { binding: undefined }), 'invalid_dpop_proof')
})

test('RFC 9700 §4.14.2 a refresh token is used once; the one after it is good', async () => {
  await using world = await World.open()
  const first = granted(await world.redeem(await world.code())).refresh!
  const second = granted(await world.refresh(first)).refresh!
  assert.notEqual(first, second)
  granted(await world.refresh(second))
  await world.consents.close()
  await world.reopen()
  refusedWith(await world.refresh(second), 'invalid_grant')
})

test('RFC 9700 §4.14.2 a refresh token that comes again ends everything, and is seen', async () => {
  await using world = await World.open()
  const first = granted(await world.redeem(await world.code())).refresh!
  const second = granted(await world.refresh(first)).refresh!
  // The thief has neither key nor client: what they hold is ours all the same.
  refusedWith(
    await world.refresh(first, { binding: dpop('t'.repeat(43)), place: 'there' }),
    'invalid_grant',
  )
  refusedWith(await world.refresh(second), 'invalid_grant')
  assert.deepEqual(world.consents.list(), [])
  assert.equal(world.ground.instances.size + world.ground.delegations.size, 0)
  assert.equal(world.ground.revokedTokens.length, 2)
  const [seen] = world.ground.observed
  assert.deepEqual([seen?.kind, seen?.place, seen?.agent], ['refresh-reused', 'there', 'assistant'])
})

test('of two who come with one refresh token at once, nobody keeps anything', async () => {
  await using world = await World.open()
  const token = granted(await world.redeem(await world.code())).refresh!
  const answers = await Promise.all([world.refresh(token), world.refresh(token)])
  assert.equal(answers.filter((one) => 'error' in one).length >= 1, true)
  assert.deepEqual(world.consents.list(), [])
  assert.deepEqual(
    [...world.ground.revokedTokens].sort(),
    world.ground.tokens.map(({ text }) => text).sort(),
  )
})

test('nobody can make up a refresh token that was never given, to have a consent ended', async () => {
  await using world = await World.open()
  const token = granted(await world.redeem(await world.code())).refresh!
  for (let at = 0; at < token.length; at += 7) {
    const other = token[at] === 'A' ? 'B' : 'A'
    refusedWith(
      await world.refresh(`${token.slice(0, at)}${other}${token.slice(at + 1)}`),
      'invalid_grant',
    )
  }
  refusedWith(await world.refresh(`${token}=`), 'invalid_grant')
  refusedWith(await world.refresh(''), 'invalid_grant')
  // Nor does a code open as a refresh token.
  refusedWith(await world.refresh(await world.code()), 'invalid_grant')
  assert.equal(world.consents.list().length, 1)
  granted(await world.refresh(token))
})

test('RFC 6749 §6 a refresh is for the same client, the same key, and no more than was granted', async () => {
  await using world = await World.open()
  const code = await world.code({}, ['files/read_file', 'files/list'])
  const token = granted(await world.redeem(code)).refresh!
  refusedWith(await world.refresh(token, { client: 'https://other.example/c' }), 'invalid_grant')
  refusedWith(await world.refresh(token, { binding: dpop('o'.repeat(43)) }), 'invalid_grant')
  refusedWith(await world.refresh(token, { binding: undefined }), 'invalid_grant')
  refusedWith(await world.refresh(token, { scope: 'files/*' }), 'invalid_scope')
  refusedWith(await world.refresh(token, { scope: 'files/read_file mail/send' }), 'invalid_scope')
  refusedWith(await world.refresh(token, { resources: [`${GATEWAY}/mcp`] }), 'invalid_target')
  const less = granted(await world.refresh(token, { scope: 'files/list' }))
  assert.deepEqual(less.scope, ['files/list'])
  // Narrowed for one token, not for good (RFC 6749 §6).
  assert.deepEqual(granted(await world.refresh(less.refresh!)).scope, [
    'files/list',
    'files/read_file',
  ])
})

test('an agent that is suspended gets no token; active again, it goes on with what it has', async () => {
  await using world = await World.open()
  const token = granted(await world.redeem(await world.code())).refresh!
  world.agentState = 'suspended'
  refusedWith(await world.refresh(token), 'invalid_grant')
  world.agentState = 'active'
  granted(await world.refresh(token))
})

test('a token that cannot be issued costs the client nothing', async () => {
  await using world = await World.open()
  const token = granted(await world.redeem(await world.code())).refresh!
  world.ground.refuseToken = new Error('too many')
  await assert.rejects(world.refresh(token), /too many/)
  granted(await world.refresh(token))
})

test('a redemption that fails half-way leaves nothing behind', async () => {
  await using world = await World.open()
  world.ground.refuseToken = new Error('too many')
  await assert.rejects(world.redeem(await world.code()), /too many/)
  assert.equal(world.ground.instances.size + world.ground.delegations.size, 0)
  assert.deepEqual(world.consents.list(), [])
})

test('a consent ends with its instance, with its delegation, with its time, and when it is revoked', async () => {
  await using world = await World.open()
  const begin = async () => {
    world.home.clock.advance(1)
    const { refresh } = granted(await world.redeem(await world.code()))
    return { token: refresh!, consent: world.consents.list().at(-1)! }
  }
  const { ground } = world
  for (const end of [
    async ({ instance }: Consent) => ground.endInstance(instance),
    async ({ delegation }: Consent) => ground.endDelegation(delegation),
    ({ id }: Consent) => world.consents.revoke(id, { person: world.person, reason: 'not used' }),
  ]) {
    const { token, consent } = await begin()
    await end(consent)
    refusedWith(await world.refresh(token), 'invalid_grant')
    assert.deepEqual(world.consents.list(), [])
    assert.equal(ground.delegations.size + ground.instances.size, 0)
  }
  const third = await begin()
  world.home.clock.advance(HOUR)
  refusedWith(await world.refresh(third.token), 'invalid_grant')
  world.home.timer.fire()
  await world.consents.close()
  await world.reopen()
  assert.deepEqual(world.consents.list(), [])
  assert.deepEqual((await world.home.store.refreshFamilies.all({ state: 'live' })).length, 0)
})

test('RFC 7009 §2.1 a refresh token that is given back ends its consent, an access token only itself', async () => {
  await using world = await World.open()
  const { token, refresh } = granted(await world.redeem(await world.code()))
  assert.equal(await world.consents.giveBack(refresh!, 'https://other.example/c'), false)
  assert.equal(await world.consents.giveBack(token.text, 'https://other.example/c'), false)
  assert.equal(await world.consents.giveBack('what is this', world.client), false)
  assert.equal(await world.consents.giveBack(token.text, world.client), true)
  assert.equal(world.consents.list().length, 1)
  assert.equal(await world.consents.giveBack(refresh!, world.client), true)
  assert.equal(world.consents.list().length, 0)
})

test('a client that cannot refresh gets no refresh token, and its consent is listed all the same', async () => {
  await using world = await World.open()
  world.document = { grant_types: ['authorization_code'] }
  const { refresh } = granted(await world.redeem(await world.code()))
  assert.equal(refresh, undefined)
  assert.equal(world.consents.list()[0]?.refreshes, false)
})

test('CIMD §8.2 a client that authenticates itself does so for its code and for every refresh', async () => {
  await using world = await World.open()
  const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' })
  world.document = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } }
  world.prove = () => {
    throw new Error('no assertion')
  }
  await assert.rejects(world.redeem(await world.code()), /no assertion/)
  assert.equal(world.ground.delegations.size, 0)
  const seen: string[] = []
  world.prove = ({ method }) => void seen.push(method)
  const { refresh } = granted(await world.redeem(await world.code()))
  granted(await world.refresh(refresh!))
  assert.deepEqual(seen, ['private_key_jwt', 'private_key_jwt'])
})

test('a family that was ended cannot be put back by hand', async () => {
  await using world = await World.open()
  const { refresh } = granted(await world.redeem(await world.code()))
  const [consent] = world.consents.list()
  await world.consents.revoke(consent!.id, { person: world.person, reason: 'over' })
  await world.consents.close()
  await world.home.editByHand("update refresh_families set state = 'live'")
  await world.home.open()
  await world.reopen()
  assert.deepEqual(world.consents.list(), [])
  refusedWith(await world.refresh(refresh!), 'invalid_grant')
})
