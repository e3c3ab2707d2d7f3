// Holds an agent that speaks only standards: SPIFFE, mutual TLS, OAuth, DPoP and JSON-RPC, in other people's libraries. Nothing
// here is Bailiwick's. `standards-agent.mjs SOCKET PROTO ISSUER RESOURCE_MTLS RESOURCE_TOKEN`: one line of JSON per step; each line
// on standard input has it go on, and the second time through everything is to be refused.

import { createInterface } from 'node:readline'
import grpc from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import * as oauth from 'oauth4webapi'
import { Agent, fetch as undiciFetch } from 'undici'

const [socket, proto, issuerUrl, mtlsResource, tokenResource] = process.argv.slice(2)
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const definition = grpc.loadPackageDefinition(loadSync(proto, { keepCase: true }))
const workload = new definition.SpiffeWorkloadAPI(
  `unix://${socket}`,
  grpc.credentials.createInsecure(),
)
const security = new grpc.Metadata()
security.set('workload.spiffe.io', 'true')

const say = (step, facts) => process.stdout.write(`${JSON.stringify({ step, ...facts })}\n`)
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const goOn = () => lines.next()

/** DER of one or more certificates as PEM. */
function pems(der) {
  const out = []
  for (let at = 0; at < der.length;) {
    const long = der[at + 1] & 0x80 ? der[at + 1] & 0x7f : 0
    const length = long === 0 ? der[at + 1] : der.readUIntBE(at + 2, long)
    const end = at + 2 + long + length
    const text = der.subarray(at, end).toString('base64').replace(/.{64}/g, '$&\n').trimEnd()
    out.push(`-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----\n`)
    at = end
  }
  return out.join('')
}

/** Answers of the stream of X.509-SVIDs as they come, its end among them. */
const updates = []
let told = () => undefined
workload
  .FetchX509SVID({}, security)
  .on('data', ({ svids }) => {
    updates.push(svids[0])
    told()
  })
  .on('error', ({ code, details }) => {
    updates.push({ code, details })
    told()
  })
async function update(number) {
  while (updates.length < number) await new Promise((resolve) => (told = resolve))
  return updates[number - 1]
}

function tls({ x509_svid, x509_svid_key, bundle }) {
  const key = `-----BEGIN PRIVATE KEY-----\n${x509_svid_key.toString('base64')}\n-----END PRIVATE KEY-----\n`
  return new Agent({ connect: { cert: pems(x509_svid), key, ca: pems(bundle) } })
}

const call = (text) =>
  JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'tools/call',
    params: { name: 'echo', arguments: { text } },
  })
const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}

async function byCertificate(dispatcher, text) {
  const answer = await undiciFetch(mtlsResource, {
    method: 'POST',
    headers: JSON_HEADERS,
    body: call(text),
    dispatcher,
  })
  return { status: answer.status, body: await answer.text() }
}

const first = await update(1)
const client = { client_id: first.spiffe_id }
let dispatcher = tls(first)
say('identity', { id: first.spiffe_id })
say('certificate', await byCertificate(dispatcher, 'by certificate'))

await goOn()
const second = await update(2)
dispatcher = tls(second)
say('renewed', {
  id: second.spiffe_id,
  another: !first.x509_svid.equals(second.x509_svid),
})
say('certificate', await byCertificate(dispatcher, 'by the next certificate'))

const options = {
  [oauth.customFetch]: (url, init) => undiciFetch(url, { ...init, dispatcher }),
}
const insecure = { [oauth.allowInsecureRequests]: true }
const unauthenticated = await undiciFetch(tokenResource, {
  method: 'POST',
  headers: JSON_HEADERS,
  body: call('nobody'),
})
const pointed = /resource_metadata="([^"]+)"/.exec(
  unauthenticated.headers.get('www-authenticate') ?? '',
)?.[1]
say('challenge', { status: unauthenticated.status, pointed })
const metadata = await oauth.processResourceDiscoveryResponse(
  new URL(tokenResource),
  await oauth.resourceDiscoveryRequest(new URL(tokenResource), insecure),
)
const issuer = new URL(metadata.authorization_servers[0])
if (issuer.href !== new URL(issuerUrl).href) throw new Error('another issuer')
const server = await oauth.processDiscoveryResponse(
  issuer,
  await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
)
const dpop = oauth.DPoP(client, await oauth.generateKeyPair('ES256'))

/** Runs `ask` again with the nonce that the first answer gave. */
async function nonced(ask) {
  try {
    return await ask()
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error
    return ask()
  }
}

async function grant(kind, form, authentication = oauth.TlsClientAuth()) {
  return nonced(async () =>
    oauth.processGenericTokenEndpointResponse(
      server,
      client,
      await oauth.genericTokenEndpointRequest(server, client, authentication, kind, form, {
        DPoP: dpop,
        ...options,
      }),
      { recognizedTokenTypes: { n_a: () => undefined } },
    ),
  )
}

async function byToken(token, text) {
  const headers = new Headers(JSON_HEADERS)
  const answer = await nonced(() =>
    oauth.protectedResourceRequest(token, 'POST', new URL(tokenResource), headers, call(text), {
      DPoP: dpop,
      ...insecure,
    }),
  )
  return { status: answer.status, body: await answer.text() }
}

const own = await grant('client_credentials', { resource: tokenResource })
say('token', { type: own.token_type, expires: own.expires_in })
say('call', await byToken(own.access_token, 'by token'))

const jwtSvid = await new Promise((resolve, reject) => {
  workload.FetchJWTSVID({ audience: [server.issuer] }, security, (error, answer) =>
    error === null ? resolve(answer.svids[0].svid) : reject(error),
  )
})
const bySvid = (_server, _client, body) => {
  body.set('client_assertion_type', 'urn:ietf:params:oauth:client-assertion-type:jwt-spiffe')
  body.set('client_assertion', jwtSvid)
}
const narrow = await grant(
  EXCHANGE,
  {
    subject_token: own.access_token,
    subject_token_type: ACCESS_TOKEN,
    resource: tokenResource,
    scope: 'probe/echo',
  },
  bySvid,
)
say('narrowed', { scope: narrow.scope })
say('call', await byToken(narrow.access_token, 'by the narrower token'))

async function active() {
  const answer = await oauth.introspectionRequest(
    server,
    client,
    oauth.TlsClientAuth(),
    own.access_token,
    options,
  )
  return (await oauth.processIntrospectionResponse(server, client, answer)).active
}
say('introspection', { active: await active() })

/** How something is refused: its status, error code or OAuth error. */
async function refusal(work) {
  try {
    const { status, body } = await work()
    return { status, body }
  } catch (error) {
    return { status: error.status, error: error.error ?? error.code ?? String(error.message) }
  }
}

await goOn()
for (let at = 3; ; at++) {
  const { code, details } = await update(at)
  if (code === undefined) continue
  say('stream', { code, details })
  break
}
say('refused', { what: 'certificate', ...(await refusal(() => byCertificate(dispatcher, 'late'))) })
say('refused', { what: 'token', ...(await refusal(() => byToken(own.access_token, 'late'))) })
say('refused', {
  what: 'narrow token',
  ...(await refusal(() => byToken(narrow.access_token, 'late'))),
})
say('refused', {
  what: 'grant',
  ...(await refusal(() => grant('client_credentials', { resource: tokenResource }))),
})
const again = await new Promise((resolve) => {
  workload
    .FetchX509SVID({}, security)
    .on('data', () => resolve(0))
    .on('error', ({ code }) => resolve(code))
})
say('refused', { what: 'identity', code: again })
workload.close()
process.exit(0)
