// Holds the tests of consents: codes, families and what ends with what, over a real database.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { base64url, sha256 } from '../../std/bytes.ts'
import { AuthorityHome, faultOf } from '../../../test/fakes/authority.ts'
import {
  CALLBACK,
  clientDocument,
  FakeConsentGround,
  GATEWAY,
  ISSUER,
} from '../../../test/fakes/consent.ts'
import { Consents, isRefusal, type Consent } from './consents.ts'
import type { AuthorizationRequest } from './request.ts'
import type { Granted, Refused } from './granted.ts'

const VERIFIER = 'v'.repeat(43)
const CHALLENGE = base64url(sha256(VERIFIER))
const HOUR = 3_600_000
const dpop = (value: string) => ({ kind: 'dpop' as const, value })
const KEY = dpop('k'.repeat(43))

/** A home with consents over it, and a client on loopback that publishes its document. */
class World implements AsyncDisposable {
  readonly home = new AuthorityHome()
  ground = new FakeConsentGround()
  consents!: Consents
  client = ''
  person = ''
  document: Record<string, unknown> = {}
  unboundMs = 0
  #server!: Server

  static async open(unboundMs = 0): Promise<World> {
    const world = new World()
    world.unboundMs = unboundMs
    world.#server = createServer((_, response) => {
      response.setHeader('content-type', 'application/json')
      response.setHeader('cache-control', 'no-store')
      response.end(clientDocument(world.document, world.client))
    })
    await new Promise<void>((resolve) => world.#server.listen(0, '127.0.0.1', resolve))
    const { port } = world.#server.address() as AddressInfo
    world.client = `http://127.0.0.1:${port}/client.json`
    const authority = await world.home.open()
    const { people } = authority
    world.person = (await people.create({ name: 'ada', roles: [], publicKey: ed25519() })).id
    await world.reopen()
    return world
  }

  /** What a restart does: the rows stay, what was in memory is gone. */
  async reopen(): Promise<void> {
    const { home } = this
    this.consents = await Consents.open(
      this.ground.ports({
        store: home.store,
        audit: home.audit,
        sealer: home.keys.encryption,
        clock: home.clock,
        timer: home.timer,
        unboundMs: this.unboundMs,
        loopbackClients: true,
        registry: {
          agents: () => [this.agent()],
          agentOf: (name) => (name === 'assistant' ? this.agent() : undefined),
          personOf: (id) =>
            id === this.person
              ? { id, name: 'ada', roles: [], credentials: [], createdAt: 0 }
              : undefined,
        },
      }),
    )
  }

  agentState: 'active' | 'suspended' = 'active'
  prove: (client: { readonly method: string }) => void = () => assert.fail('nobody was to be asked')

  agent() {
    return {
      name: 'assistant',
      owner: this.person,
      purpose: 'assists',
      roles: [],
      unattended: false,
      clients: [this.client],
      state: this.agentState,
      createdAt: 0,
    }
  }

  query(more: Readonly<Record<string, string>> = {}): URLSearchParams {
    return new URLSearchParams({
      response_type: 'code',
      client_id: this.client,
      redirect_uri: CALLBACK,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      resource: `${GATEWAY}/mcp/files`,
      state: 'a state',
      ...more,
    })
  }

  async request(more: Readonly<Record<string, string>> = {}): Promise<AuthorizationRequest> {
    const read = await this.consents.read(this.query(more))
    assert.ok(!isRefusal(read))
    return read
  }

  async code(more: Readonly<Record<string, string>> = {}, scope?: readonly string[]) {
    const request = await this.request(more)
    const location = await this.consents.agree({
      request,
      person: this.person,
      scope: scope ?? request.scope,
      lifeMs: HOUR,
    })
    return new URL(location).searchParams.get('code')!
  }

  redeem(code: string, more: object = {}): Promise<Granted | Refused> {
    return this.consents.redeem({
      code,
      client: this.client,
      redirect: CALLBACK,
      verifier: VERIFIER,
      resources: [],
      binding: KEY,
      place: 'here',
      prove: this.prove,
      ...more,
    })
  }

  refresh(refreshToken: string, more: object = {}): Promise<Granted | Refused> {
    return this.consents.refresh({
      refreshToken,
      client: this.client,
      resources: [],
      binding: KEY,
      place: 'here',
      prove: this.prove,
      ...more,
    })
  }

  types(): string[] {
    return this.home.audit.recorded
      .map(({ draft }) => draft.type)
      .filter((type) => type.startsWith('consent.'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consents.close()
    await new Promise((resolve) => this.#server.close(resolve))
    await this.home.dispose()
  }
}

function ed25519(): string {
  const prefix = Buffer.from('302a300506032b6570032100', 'hex')
  return base64url(new Uint8Array(Buffer.concat([prefix, Buffer.alloc(32, 7)])))
}

function granted(answer: Granted | Refused): Granted {
  assert.ok('token' in answer, 'error' in answer ? `${answer.error}: ${answer.description}` : '')
  return answer
}

function refusedWith(answer: Granted | Refused, error: string): void {
  assert.ok('error' in answer, 'was granted')
  assert.equal(answer.error, error)
}

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
