// Holds the conformance of the token endpoint where a person's consent is answered with tokens: over real TLS, requirement by requirement.

import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import { SignJWT } from 'jose'
import { fetch as undiciFetch } from 'undici'
import { consentGrants } from '../../src/api/oauth/grants/consented.ts'
import { Consents, isRefusal } from '../../src/authority/consent/consents.ts'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { AuthorityHome } from '../fakes/authority.ts'
import { ClientHost } from '../fakes/client-host.ts'
import { CALLBACK, FakeConsentGround, GATEWAY, ISSUER } from '../fakes/consent.ts'
import { openOAuth, type OAuthBench } from '../fakes/oauth.ts'

const VERIFIER = 'v'.repeat(43)
const PERSON = 'person-1'
const BEARER_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A token endpoint with consents behind it, and a client. Tokens are unbound, so that a test can do without proofs. */
class World implements AsyncDisposable {
  readonly home = new AuthorityHome()
  readonly ground = new FakeConsentGround()
  consents!: Consents
  host!: ClientHost
  bench!: OAuthBench

  static async open(): Promise<World> {
    const world = new World()
    const { home, ground } = world
    await home.open()
    home.clock.setWall(systemClock.now())
    world.host = await ClientHost.open()
    const agent = () => ({
      name: 'assistant',
      owner: PERSON,
      purpose: 'assists',
      roles: [],
      unattended: false,
      clients: [world.host.id],
      state: 'active' as const,
      createdAt: 0,
    })
    world.consents = await Consents.open({
      ...ground.ports({
        store: home.store,
        audit: home.audit,
        sealer: home.keys.encryption,
        clock: home.clock,
        timer: home.timer,
        unboundMs: 60_000,
        loopbackClients: true,
        registry: {
          agents: () => [agent()],
          agentOf: agent,
          personOf: (id) => ({ id, name: 'ada', roles: [], credentials: [], createdAt: 0 }),
        },
      }),
      timer: systemTimer,
    })
    const grants = consentGrants({ consents: world.consents, clock: systemClock })
    world.bench = await openOAuth({ grants })
    return world
  }

  async code(more: Readonly<Record<string, string>> = {}): Promise<string> {
    const request = await this.consents.read(
      new URLSearchParams({
        response_type: 'code',
        client_id: this.host.id,
        redirect_uri: CALLBACK,
        code_challenge: base64url(sha256(VERIFIER)),
        code_challenge_method: 'S256',
        resource: `${GATEWAY}/mcp/files`,
        ...more,
      }),
    )
    assert.ok(!isRefusal(request))
    const of = { request, person: PERSON, scope: request.scope, lifeMs: 3_600_000 }
    return new URL(await this.consents.agree(of)).searchParams.get('code')!
  }

  /** Asks the token endpoint; undefined leaves a parameter out. */
  ask(form: Readonly<Record<string, string | undefined>>) {
    const given = Object.entries(form).filter(
      (pair): pair is [string, string] => pair[1] !== undefined,
    )
    return this.bench.post('/oauth/token', given)
  }

  async redeem(more: Readonly<Record<string, string | undefined>> = {}) {
    return this.ask({
      grant_type: 'authorization_code',
      client_id: this.host.id,
      code: await this.code(),
      redirect_uri: CALLBACK,
      code_verifier: VERIFIER,
      ...more,
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.bench[Symbol.asyncDispose]()
    await this.consents.close()
    await this.host[Symbol.asyncDispose]()
    await this.home.dispose()
  }
}

function refusedWith(
  answer: { status: number; body: Record<string, unknown> },
  error: string,
  status = 400,
): void {
  assert.deepEqual(
    [answer.status, answer.body['error']],
    [status, error],
    JSON.stringify(answer.body),
  )
  assert.equal('access_token' in answer.body, false)
}

test('RFC 6749 §4.1.4 §5.1 the answer has the tokens, their type and their life, and is not kept', async () => {
  await using world = await World.open()
  const { status, body, headers } = await world.redeem()
  assert.equal(status, 200, JSON.stringify(body))
  assert.equal(body['token_type'], 'Bearer')
  assert.equal(body['scope'], 'files/*')
  assert.ok(Number(body['expires_in']) > 0 && Number(body['expires_in']) <= 600)
  assert.equal(typeof body['refresh_token'], 'string')
  assert.equal(headers.get('cache-control'), 'no-store')
})

test('RFC 6749 §4.1.3 the code is required, and is for the client and the redirect URI that it was given to', async () => {
  await using world = await World.open()
  refusedWith(await world.redeem({ code: undefined }), 'invalid_request')
  refusedWith(await world.redeem({ code: 'made-up' }), 'invalid_grant')
  refusedWith(await world.redeem({ client_id: undefined }), 'invalid_client', 401)
  refusedWith(
    await world.redeem({ client_id: 'https://other.example/client.json' }),
    'invalid_grant',
  )
  refusedWith(await world.redeem({ redirect_uri: `${CALLBACK}/` }), 'invalid_grant')
  const code = await world.code()
  assert.equal((await world.redeem({ code })).status, 200)
  refusedWith(await world.redeem({ code }), 'invalid_grant')
})

test('OAuth 2.1 §10.2 the redirect URI may be left out of the token request', async () => {
  await using world = await World.open()
  assert.equal((await world.redeem({ redirect_uri: undefined })).status, 200)
})

test('RFC 7636 §4.6 the verifier is compared with the challenge; without it, or with another, there is nothing', async () => {
  await using world = await World.open()
  for (const verifier of [
    undefined,
    'w'.repeat(43),
    'v'.repeat(42),
    'v'.repeat(129),
    base64url(sha256(VERIFIER)),
    `${VERIFIER}=`,
  ]) {
    refusedWith(await world.redeem({ code_verifier: verifier }), 'invalid_grant')
  }
  assert.equal(world.ground.tokens.length, 0)
})

test('RFC 8707 §2.2 a token is for resources of its consent, and for no other', async () => {
  await using world = await World.open()
  refusedWith(await world.redeem({ resource: `${GATEWAY}/mcp` }), 'invalid_target')
  refusedWith(await world.redeem({ resource: 'https://evil.example/' }), 'invalid_target')
  const good = await world.redeem({ resource: `${GATEWAY}/mcp/files` })
  assert.equal(good.status, 200)
  assert.deepEqual(world.ground.tokens[0]?.audience, [`${GATEWAY}/mcp/files`])
  const refresh_token = String(good.body['refresh_token'])
  const ask = { grant_type: 'refresh_token', client_id: world.host.id, refresh_token }
  refusedWith(await world.ask({ ...ask, resource: `${GATEWAY}/mcp` }), 'invalid_target')
  assert.equal((await world.ask(ask)).status, 200, 'nothing was used up')
})

test('RFC 6749 §6 a refresh gives the next refresh token; scope is never wider', async () => {
  await using world = await World.open()
  const first = String((await world.redeem()).body['refresh_token'])
  const ask = { grant_type: 'refresh_token', client_id: world.host.id }
  refusedWith(await world.ask(ask), 'invalid_request')
  refusedWith(await world.ask({ ...ask, refresh_token: first, scope: '*' }), 'invalid_scope')
  refusedWith(
    await world.ask({ ...ask, client_id: 'https://other.example/c', refresh_token: first }),
    'invalid_grant',
  )
  const { status, body } = await world.ask({ ...ask, refresh_token: first })
  assert.equal(status, 200)
  assert.notEqual(body['refresh_token'], first)
  refusedWith(await world.ask({ ...ask, refresh_token: first }), 'invalid_grant')
  refusedWith(
    await world.ask({ ...ask, refresh_token: String(body['refresh_token']) }),
    'invalid_grant',
  )
})

test('RFC 6749 §5.2 an instance has grants of its own: what a person agreed to is not for it', async () => {
  await using world = await World.open()
  const { mtls } = await world.bench.enrol()
  const form = {
    grant_type: 'authorization_code',
    code: await world.code(),
    code_verifier: VERIFIER,
  }
  const { status, body } = await world.bench.post('/oauth/token', form, mtls)
  assert.deepEqual([status, body['error']], [400, 'unauthorized_client'])
})

test('RFC 8414 §2 the metadata says what the endpoint does', async () => {
  await using world = await World.open()
  const url = `${world.bench.issuer}/.well-known/oauth-authorization-server`
  const response = await undiciFetch(url, { dispatcher: world.bench.plain })
  const grants = (await response.json()) as Record<string, unknown>
  assert.ok(JSON.stringify(grants['grant_types_supported']).includes('authorization_code'))
  assert.deepEqual(grants['code_challenge_methods_supported'], ['S256'])
  assert.equal(grants['authorization_response_iss_parameter_supported'], true)
  assert.equal(grants['client_id_metadata_document_supported'], true)
})

/** An assertion as a client signs it. */
function assertion(
  key: KeyObject,
  id: string,
  more: {
    readonly aud?: string
    readonly sub?: string
    readonly jti?: string
    readonly exp?: number
  } = {},
): Promise<string> {
  const now = Math.floor(systemClock.now() / 1_000)
  return new SignJWT({ jti: more.jti ?? base64url(systemEntropy.bytes(16)) })
    .setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setIssuer(id)
    .setSubject(more.sub ?? id)
    .setAudience(more.aud ?? ISSUER)
    .setIssuedAt(now)
    .setExpirationTime(more.exp ?? now + 60)
    .sign(key)
}

test('CIMD §8.2 RFC 7523 §3 a client with keys in its document has to show one, for us alone, once', async () => {
  await using world = await World.open()
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one' }
  world.host.document = { token_endpoint_auth_method: 'private_key_jwt', jwks: { keys: [jwk] } }
  const { id } = world.host
  const shown = (client_assertion: string) => ({
    client_assertion,
    client_assertion_type: BEARER_ASSERTION,
  })
  refusedWith(await world.redeem(), 'invalid_client', 401)
  for (const bad of [
    await assertion(other, id),
    await assertion(privateKey, id, { sub: 'https://other.example/c' }),
    await assertion(privateKey, id, { aud: 'https://evil.example' }),
    await assertion(privateKey, id, { exp: Math.floor(systemClock.now() / 1_000) - 120 }),
    await assertion(privateKey, id, { exp: Math.floor(systemClock.now() / 1_000) + 3_600 }),
    'not.a.jwt',
  ]) {
    refusedWith(await world.redeem(shown(bad)), 'invalid_client', 401)
  }
  const one = shown(await assertion(privateKey, id))
  const { status, body } = await world.redeem(one)
  assert.equal(status, 200, JSON.stringify(body))
  refusedWith(await world.redeem(one), 'invalid_client', 401)
  const refresh = {
    grant_type: 'refresh_token',
    client_id: id,
    refresh_token: String(body['refresh_token']),
  }
  refusedWith(await world.ask(refresh), 'invalid_client', 401)
  assert.equal(
    (await world.ask({ ...refresh, ...shown(await assertion(privateKey, id)) })).status,
    200,
  )
})
