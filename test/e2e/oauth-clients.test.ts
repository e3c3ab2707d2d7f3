// Holds the grants of agents with both of the OAuth clients that others wrote, against a whole Bailiwick over real TLS.

import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { decodeJwt } from 'jose'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { Agent, fetch as undiciFetch } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { webKeys } from '../fakes/oauth.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { rootsOf } from './roots.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const CALL = {
  jsonrpc: '2.0',
  id: 1,
  method: 'tools/call',
  params: { name: 'echo', arguments: { text: 'by openid-client' } },
}

let bailiwick: Bailiwick
let holder: Holder
let issuer: URL
let resource: string
/** Connects with the certificate of the instance, and without. */
let mtls: Agent
let plain: Agent

before(async () => {
  bailiwick = await Bailiwick.start()
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(
    `@id("w") @without("user, task") permit (principal in Role::"worker", action, resource);`,
  )
  await bailiwick.agent('worker', ['worker'], true)
  holder = await bailiwick.enrol('worker', true)
  issuer = new URL(bailiwick.identityUrl)
  resource = `${(await bailiwick.status()).listeners.gateway_plain}/mcp/probe`
  const ca = await rootsOf(bailiwick)
  const { key, cert } = holder.tls()
  mtls = new Agent({ connect: { ca, key, cert } })
  plain = new Agent({ connect: { ca } })
})

after(async () => {
  await mtls.close()
  await plain.close()
  await bailiwick[Symbol.asyncDispose]()
})

/** `fetch` over a connection with, or without, the certificate. */
function over(dispatcher: Agent): (url: string, init: object) => Promise<Response> {
  return async (url, init) =>
    (await undiciFetch(url, { ...init, dispatcher })) as unknown as Response
}

/** The instance as a client of openid-client, which finds the server by itself. */
async function configured(
  authentication: openid.ClientAuth,
  dispatcher: Agent,
  algorithm: 'oauth2' | 'oidc' = 'oauth2',
): Promise<openid.Configuration> {
  const custom = over(dispatcher) as openid.CustomFetch
  const id = holder.identity.spiffeId
  return openid.discovery(issuer, id, undefined, authentication, {
    algorithm,
    [openid.customFetch]: custom,
  })
}

/** How a client was refused: the OAuth error. */
async function errorOf(work: Promise<unknown>): Promise<unknown> {
  try {
    await work
  } catch (error) {
    return (error as { readonly error?: unknown }).error ?? error
  }
  throw new Error('was not refused')
}

test('openid-client: RFC 8414 and OpenID discovery find the same server', async () => {
  const byOAuth = await configured(openid.TlsClientAuth(), mtls)
  const byOpenId = await configured(openid.TlsClientAuth(), mtls, 'oidc')
  const [one, two] = [byOAuth.serverMetadata(), byOpenId.serverMetadata()]
  assert.equal(one.issuer, bailiwick.identityUrl)
  assert.equal(one.token_endpoint, `${bailiwick.identityUrl}/oauth/token`)
  const shared = ['issuer', 'token_endpoint', 'introspection_endpoint', 'revocation_endpoint']
  for (const name of shared) assert.equal(two[name], one[name], name)
})

test('openid-client by certificate: client_credentials, exchange to less, introspection, revocation', async () => {
  const config = await configured(openid.TlsClientAuth(), mtls)
  const wide = await openid.clientCredentialsGrant(config, { resource, scope: 'probe/*' })
  assert.equal(wide.scope, 'probe/*')
  assert.ok('x5t#S256' in (decodeJwt(wide.access_token)['cnf'] as object))
  const exchange = (token: string, scope: string) =>
    openid.genericGrantRequest(config, EXCHANGE, {
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      resource,
      scope,
    })
  const narrow = await exchange(wide.access_token, 'probe/echo')
  assert.deepEqual([narrow.scope, narrow['issued_token_type']], ['probe/echo', ACCESS_TOKEN])
  assert.equal(await errorOf(exchange(narrow.access_token, 'probe/*')), 'invalid_scope')

  const found = await openid.tokenIntrospection(config, narrow.access_token)
  assert.deepEqual([found.active, found.scope], [true, 'probe/echo'])
  await openid.tokenRevocation(config, wide.access_token)
  for (const { access_token } of [wide, narrow]) {
    assert.deepEqual(await openid.tokenIntrospection(config, access_token), { active: false })
  }
})

test('openid-client by private_key_jwt and DPoP: client_credentials, and a call that it makes by itself', async () => {
  const { privateKey } = await webKeys(createPrivateKey(holder.tls().key!))
  const config = await configured(openid.PrivateKeyJwt(privateKey), plain)
  const DPoP = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const token = await openid.clientCredentialsGrant(config, { resource }, { DPoP })
  assert.equal(token.token_type, 'dpop')
  const call = async (options: openid.DPoPOptions): Promise<Response> => {
    // The gateway of tokens is http on this machine, and known to nobody's certificate.
    const local = new openid.Configuration(
      config.serverMetadata(),
      config.clientMetadata().client_id,
    )
    openid.allowInsecureRequests(local)
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    })
    const body = JSON.stringify(CALL)
    const url = new URL(resource)
    return openid.fetchProtectedResource(
      local,
      token.access_token,
      url,
      'POST',
      body,
      headers,
      options,
    )
  }
  const answer = await call({ DPoP })
  assert.equal(answer.status, 200)
  assert.match(await answer.text(), /by openid-client/)

  const stranger = openid.getDPoPHandle(config, await openid.randomDPoPKeyPair('ES256'))
  const refused = await call({ DPoP: stranger }).then(
    ({ status }) => status,
    (error: openid.WWWAuthenticateChallengeError) => error.status,
  )
  assert.equal(refused, 401, 'a token is worth nothing with another key')
})

test('oauth4webapi by certificate: client_credentials, exchange to less, introspection, revocation', async () => {
  const options = { [oauth.customFetch]: over(mtls) }
  const client: oauth.Client = { client_id: holder.identity.spiffeId }
  const tls = oauth.TlsClientAuth()
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
  )
  const wide = await oauth.processClientCredentialsResponse(
    as,
    client,
    await oauth.clientCredentialsGrantRequest(
      as,
      client,
      tls,
      { resource, scope: 'probe/*' },
      options,
    ),
  )
  const exchange = async (token: string, scope: string) => {
    const form = { subject_token: token, subject_token_type: ACCESS_TOKEN, resource, scope }
    return oauth.processGenericTokenEndpointResponse(
      as,
      client,
      await oauth.genericTokenEndpointRequest(as, client, tls, EXCHANGE, form, options),
    )
  }
  const narrow = await exchange(wide.access_token, 'probe/echo')
  assert.equal(narrow.scope, 'probe/echo')
  assert.equal(await errorOf(exchange(narrow.access_token, 'probe/*')), 'invalid_scope')
  const look = async (token: string) => {
    const answer = await oauth.introspectionRequest(as, client, tls, token, options)
    return oauth.processIntrospectionResponse(as, client, answer)
  }
  const found = await look(narrow.access_token)
  assert.deepEqual([found.active, found.scope], [true, 'probe/echo'])
  await oauth.processRevocationResponse(
    await oauth.revocationRequest(as, client, tls, wide.access_token, options),
  )
  for (const { access_token } of [wide, narrow]) {
    assert.deepEqual(await look(access_token), { active: false })
  }
})
