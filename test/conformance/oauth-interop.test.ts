// Holds the interoperation of the authorization server: clients and verifiers that others wrote, over real TLS.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRemoteJWKSet, customFetch as joseFetch, jwtVerify } from 'jose'
import * as oauth from 'oauth4webapi'
import { fetch as undiciFetch, type Agent } from 'undici'
import { MCP, openOAuth, webKeys, type OAuthBench, type TestClient } from '../fakes/oauth.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const JWT = 'urn:ietf:params:oauth:token-type:jwt'

/** `fetch` over a connection with, or without, a client certificate. */
function over(dispatcher: Agent): (url: string, init: object) => Promise<Response> {
  return async (url, init) =>
    (await undiciFetch(url, { ...init, dispatcher })) as unknown as Response
}

async function discovered(bench: OAuthBench): Promise<oauth.AuthorizationServer> {
  const issuer = new URL(bench.issuer)
  const response = await oauth.discoveryRequest(issuer, {
    algorithm: 'oauth2',
    [oauth.customFetch]: over(bench.plain),
  })
  // The library compares issuers as URLs print themselves; ours has no slash at its end.
  return oauth.processDiscoveryResponse(issuer, response)
}

function clientOf({ holder }: TestClient): oauth.Client {
  return { client_id: holder.spiffeId }
}

test('RFC 8414 §3 oauth4webapi discovers the server, by OAuth and by OpenID discovery', async () => {
  await using bench = await openOAuth()
  const as = await discovered(bench)
  assert.equal(as.token_endpoint, `${bench.issuer}/oauth/token`)
  const openid = await oauth.discoveryRequest(new URL(bench.issuer), {
    algorithm: 'oidc',
    [oauth.customFetch]: over(bench.plain),
  })
  const config = await oauth.processDiscoveryResponse(new URL(bench.issuer), openid)
  assert.equal(config.jwks_uri, as.jwks_uri)
})

test('oauth4webapi: client_credentials by certificate; the token is bound to it and jose verifies it', async () => {
  await using bench = await openOAuth()
  const as = await discovered(bench)
  const one = await bench.enrol()
  const response = await oauth.clientCredentialsGrantRequest(
    as,
    clientOf(one),
    oauth.TlsClientAuth(),
    { scope: 'fs/read', resource: MCP },
    { [oauth.customFetch]: over(one.mtls) },
  )
  const answer = await oauth.processClientCredentialsResponse(as, clientOf(one), response)
  assert.equal(answer.token_type, 'bearer')
  assert.equal(answer.scope, 'fs/read')
  assert.equal(answer.expires_in, 600)
  const keys = createRemoteJWKSet(new URL(as.jwks_uri ?? ''), { [joseFetch]: over(bench.plain) })
  const { payload } = await jwtVerify(answer.access_token, keys, {
    issuer: bench.issuer,
    audience: MCP,
    typ: 'at+jwt',
  })
  const thumbprint = Buffer.from(one.fingerprint, 'hex').toString('base64url')
  assert.deepEqual(payload['cnf'], { 'x5t#S256': thumbprint })
  assert.ok('id' in bench.check(answer.access_token, { certificate: one.fingerprint }))
})

test('oauth4webapi: private_key_jwt with DPoP, the nonce taken from the first answer; validateJwtAccessToken takes the token', async () => {
  await using bench = await openOAuth()
  const as = await discovered(bench)
  const one = await bench.enrol()
  const client = clientOf(one)
  const keys = await webKeys()
  const DPoP = oauth.DPoP(client, keys)
  const { privateKey } = await webKeys(one.key)
  const ask = () =>
    oauth.clientCredentialsGrantRequest(
      as,
      client,
      oauth.PrivateKeyJwt(privateKey),
      { resource: MCP },
      { DPoP, [oauth.customFetch]: over(bench.plain) },
    )
  const first = oauth.processClientCredentialsResponse(as, client, await ask())
  await assert.rejects(first, (error) => oauth.isDPoPNonceError(error))
  const answer = await oauth.processClientCredentialsResponse(as, client, await ask())
  assert.equal(answer.token_type, 'dpop')
  const jkt = await DPoP.calculateThumbprint()
  assert.ok(
    'id' in
      bench.check(answer.access_token, {
        token: { scheme: 'DPoP', text: answer.access_token },
        jkt,
      }),
  )

  // The same token at a resource server that somebody else wrote.
  let seen: Request | undefined
  await oauth.protectedResourceRequest(
    answer.access_token,
    'GET',
    new URL(MCP),
    undefined,
    undefined,
    {
      DPoP,
      [oauth.customFetch]: (url, init) => {
        seen = new Request(url, init as RequestInit)
        return Promise.resolve(new Response())
      },
    },
  )
  assert.ok(seen !== undefined)
  const claims = await oauth.validateJwtAccessToken(as, seen, MCP, {
    requireDPoP: true,
    [oauth.customFetch]: over(bench.plain),
  })
  assert.equal(claims.client_id, one.holder.spiffeId)
  assert.equal(claims.cnf?.jkt, jkt)
})

test('oauth4webapi: token exchange narrows, introspection and revocation follow', async () => {
  await using bench = await openOAuth()
  const as = await discovered(bench)
  const one = await bench.enrol()
  const client = clientOf(one)
  const tls = oauth.TlsClientAuth()
  const options = { [oauth.customFetch]: over(one.mtls) }
  const wide = await oauth.processClientCredentialsResponse(
    as,
    client,
    await oauth.clientCredentialsGrantRequest(
      as,
      client,
      tls,
      { scope: 'fs/* mail/send' },
      options,
    ),
  )
  const parameters = {
    subject_token: wide.access_token,
    subject_token_type: ACCESS_TOKEN,
    scope: 'fs/read',
    resource: `${MCP}/fs`,
  }
  const response = await oauth.genericTokenEndpointRequest(
    as,
    client,
    tls,
    EXCHANGE,
    parameters,
    options,
  )
  const narrow = await oauth.processGenericTokenEndpointResponse(as, client, response)
  assert.equal(narrow['issued_token_type'], ACCESS_TOKEN)
  assert.equal(narrow.scope, 'fs/read')

  const ask = async (token: string) =>
    oauth.processIntrospectionResponse(
      as,
      client,
      await oauth.introspectionRequest(as, client, tls, token, options),
    )
  const found = await ask(narrow.access_token)
  assert.equal(found.active, true)
  assert.equal(found.scope, 'fs/read')
  const revoked = await oauth.revocationRequest(as, client, tls, wide.access_token, options)
  await oauth.processRevocationResponse(revoked)
  assert.equal((await ask(wide.access_token)).active, false)
  assert.equal((await ask(narrow.access_token)).active, false)
})

test('oauth4webapi: one instance hands authority on, the other takes it up, and act tells the story', async () => {
  await using bench = await openOAuth()
  const as = await discovered(bench)
  const one = await bench.enrol({ agent: 'planner' })
  const two = await bench.enrol({ agent: 'worker' })
  bench.delegate(one, { scope: ['fs/*'] })
  const tls = oauth.TlsClientAuth()
  const ask = async (by: TestClient, grant: string, parameters: Record<string, string>) =>
    oauth.processGenericTokenEndpointResponse(
      as,
      clientOf(by),
      await oauth.genericTokenEndpointRequest(as, clientOf(by), tls, grant, parameters, {
        [oauth.customFetch]: over(by.mtls),
      }),
      { recognizedTokenTypes: { n_a: () => undefined } },
    )
  const own = await ask(one, 'client_credentials', { scope: 'fs/*' })
  const handed = await ask(one, EXCHANGE, {
    subject_token: own.access_token,
    subject_token_type: ACCESS_TOKEN,
    audience: two.holder.spiffeId,
    scope: 'fs/read',
  })
  assert.equal(handed['issued_token_type'], JWT)
  const taken = await ask(two, EXCHANGE, {
    subject_token: handed.access_token,
    subject_token_type: JWT,
    resource: MCP,
  })
  assert.equal(taken['issued_token_type'], ACCESS_TOKEN)
  const keys = createRemoteJWKSet(new URL(as.jwks_uri ?? ''), { [joseFetch]: over(bench.plain) })
  const { payload } = await jwtVerify(taken.access_token, keys, { audience: MCP, typ: 'at+jwt' })
  assert.equal(payload.sub, 'per_0')
  assert.deepEqual(payload['act'], {
    sub: two.holder.spiffeId,
    act: { sub: one.holder.spiffeId },
  })
  assert.equal(payload['scope'], 'fs/read')
})
