// Holds the whole authorization code flow with clients that others wrote, against a real Bailiwick over real TLS.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Agent, fetch as undiciFetch } from 'undici'
import { ConsentsAnswer } from '../../src/wire/api/consent.ts'
import { ClientHost } from '../fakes/client-host.ts'
import { CALLBACK } from '../fakes/consent.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { PersonBrowser } from './person.ts'
import { rootsOf } from './roots.ts'

/** A Bailiwick with one system, a client that publishes its document on this machine, and the operator's browser. */
class World implements AsyncDisposable {
  bailiwick!: Bailiwick
  host!: ClientHost
  browser!: PersonBrowser
  agent!: Agent

  static async open(environment: Readonly<Record<string, string>> = {}): Promise<World> {
    const world = new World()
    world.host = await ClientHost.open()
    world.bailiwick = await Bailiwick.start({ BAILIWICK_CIMD_LOOPBACK: '1', ...environment })
    const journal = join(world.bailiwick.home, 'journal')
    await world.bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal), {
      secrets: { PROBE_TOKEN: 'tok-0000000000' },
    })
    world.browser = await PersonBrowser.open(world.bailiwick)
    world.agent = new Agent({ connect: { ca: await rootsOf(world.bailiwick) } })
    return world
  }

  get issuer(): URL {
    return new URL(this.bailiwick.identityUrl)
  }

  get resource(): string {
    return `${this.bailiwick.gatewayUrl}/mcp/probe`
  }

  readonly fetch = async (url: string, init: object): Promise<Response> =>
    (await undiciFetch(url, { ...init, dispatcher: this.agent })) as unknown as Response

  async consents() {
    return (await this.bailiwick.control.get('/v1/consents', ConsentsAnswer)).consents
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.agent.close()
    await this.browser[Symbol.asyncDispose]()
    await this.bailiwick[Symbol.asyncDispose]()
    await this.host[Symbol.asyncDispose]()
  }
}

test('oauth4webapi: discovery, PKCE, resource, DPoP with nonces, iss, refresh, and the end of a consent', async () => {
  await using world = await World.open()
  const custom = { [oauth.customFetch]: world.fetch }
  const as = await oauth.processDiscoveryResponse(
    world.issuer,
    await oauth.discoveryRequest(world.issuer, { algorithm: 'oauth2', ...custom }),
  )
  assert.equal(as['client_id_metadata_document_supported'], true)
  assert.deepEqual(as.code_challenge_methods_supported, ['S256'])
  assert.equal(as.authorization_response_iss_parameter_supported, true)
  const client: oauth.Client = { client_id: world.host.id }
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const DPoP = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))
  const url = new URL(as.authorization_endpoint!)
  url.search = new URLSearchParams({
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: CALLBACK,
    scope: 'probe/*',
    resource: world.resource,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    dpop_jkt: await DPoP.calculateThumbprint(),
  }).toString()
  const answered = await world.browser.allow(url)
  const parameters = oauth.validateAuthResponse(as, client, answered, state)
  const redeem = () =>
    oauth.authorizationCodeGrantRequest(as, client, oauth.None(), parameters, CALLBACK, verifier, {
      DPoP,
      additionalParameters: { resource: world.resource },
      ...custom,
    })
  const first = await withNonce(redeem, (response) =>
    oauth.processAuthorizationCodeResponse(as, client, response),
  )
  assert.equal(first.token_type, 'dpop')
  assert.equal(first.scope, 'probe/*')
  const [consent] = await world.consents()
  assert.deepEqual([consent?.client, consent?.binding], [world.host.id, 'dpop'])
  const refresh = (token: string) => () =>
    oauth.refreshTokenGrantRequest(as, client, oauth.None(), token, { DPoP, ...custom })
  const process = (response: Response) => oauth.processRefreshTokenResponse(as, client, response)
  const second = await withNonce(refresh(first.refresh_token!), process)
  assert.notEqual(second.refresh_token, first.refresh_token)
  await assert.rejects(
    withNonce(refresh(first.refresh_token!), process),
    (error: oauth.ResponseBodyError) => error.error === 'invalid_grant',
  )
  assert.deepEqual(await world.consents(), [], 'who used it twice lost it')
  await assert.rejects(withNonce(refresh(second.refresh_token!), process))
  const findings = await world.bailiwick.records('finding.raised')
  assert.equal(findings.length, 1)
  const locked = await world.bailiwick.records('lock.added')
  assert.deepEqual(
    locked.map(({ record }) => record.instance),
    [consent?.instance],
    'refresh reuse locks the instance (INV-5)',
  )
})

/** The library throws where a nonce is wanted, and has it for the next try. */
async function withNonce<R>(
  ask: () => Promise<Response>,
  process: (response: Response) => Promise<R>,
): Promise<R> {
  try {
    return await process(await ask())
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return process(await ask())
  }
}

test('openid-client: the same flow, and revocation of the refresh token (RFC 7009)', async () => {
  await using world = await World.open()
  const config = await openid.discovery(world.issuer, world.host.id, undefined, openid.None(), {
    algorithm: 'oauth2',
    [openid.customFetch]: world.fetch as openid.CustomFetch,
  })
  config[openid.customFetch] = world.fetch as openid.CustomFetch
  // The page for people is http at a loopback name, which this library wants to be told of.
  openid.allowInsecureRequests(config)
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const verifier = openid.randomPKCECodeVerifier()
  const state = openid.randomState()
  const url = openid.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    resource: world.resource,
    state,
    code_challenge: await openid.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  })
  const answered = await world.browser.allow(url)
  const tokens = await openid.authorizationCodeGrant(
    config,
    answered,
    { pkceCodeVerifier: verifier, expectedState: state },
    { resource: world.resource },
    { DPoP },
  )
  assert.equal(tokens.token_type, 'dpop')
  const again = await openid.refreshTokenGrant(config, tokens.refresh_token!, {}, { DPoP })
  assert.equal((await world.consents()).length, 1)
  await openid.tokenRevocation(config, again.refresh_token!)
  assert.deepEqual(await world.consents(), [])
})

test('INV-8 a client without a key gets nothing, unless the setting says so; then it is short and marked', async () => {
  const flow = async (world: World) => {
    const config = await openid.discovery(world.issuer, world.host.id, undefined, openid.None(), {
      algorithm: 'oauth2',
      [openid.customFetch]: world.fetch as openid.CustomFetch,
    })
    config[openid.customFetch] = world.fetch as openid.CustomFetch
    openid.allowInsecureRequests(config)
    const verifier = openid.randomPKCECodeVerifier()
    const url = openid.buildAuthorizationUrl(config, {
      redirect_uri: CALLBACK,
      resource: world.resource,
      code_challenge: await openid.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
    })
    const answered = await world.browser.allow(url)
    return openid.authorizationCodeGrant(config, answered, { pkceCodeVerifier: verifier })
  }
  await using strict = await World.open()
  await assert.rejects(flow(strict), (error: openid.ResponseBodyError) => {
    assert.equal(error.error, 'invalid_dpop_proof')
    return /BAILIWICK_UNBOUND_TOKENS_S/.test(error.error_description ?? '')
  })
  assert.deepEqual(await strict.consents(), [])
  await using loose = await World.open({ BAILIWICK_UNBOUND_TOKENS_S: '60' })
  const tokens = await flow(loose)
  assert.equal(tokens.token_type, 'bearer')
  assert.ok((tokens.expires_in ?? 0) <= 60)
  assert.equal((await loose.consents())[0]?.binding, 'none')
  const [issued] = await loose.bailiwick.records('token.issued')
  assert.equal(
    (issued?.record as { body?: { binding?: string } } | undefined)?.body?.binding,
    'none',
  )
  const { warnings } = await loose.bailiwick.status()
  assert.ok(warnings.some((one) => one.includes('BAILIWICK_UNBOUND_TOKENS_S')))
})
