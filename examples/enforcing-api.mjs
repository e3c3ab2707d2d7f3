// Holds an API that enforces by itself: agents show it their certificate, and it does nothing that Bailiwick did not grant.

import { createPrivateKey, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { request } from 'node:http'
import { createServer } from 'node:https'

const [name, system, port = '8443'] = process.argv.slice(2)
const { BAILIWICK_CONTROL = 'http://bailiwick.localhost:7400' } = process.env
const key = createPrivateKey(readFileSync('pep.key'))
const encoded = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** Who we are, for a minute (RFC 7523 §3). */
function assertion() {
  const now = Math.floor(Date.now() / 1000)
  const claims = { iss: name, sub: name, aud: BAILIWICK_CONTROL, iat: now, exp: now + 60 }
  const signed = `${encoded({ alg: 'EdDSA', typ: 'JWT' })}.${encoded(claims)}`
  return `${signed}.${sign(null, Buffer.from(signed), key).toString('base64url')}`
}

/** Asks Bailiwick, which listens on loopback and wants to be called by its name. */
function ask(path, body) {
  const { host, port: at } = new URL(BAILIWICK_CONTROL)
  const headers = {
    host,
    'content-type': 'application/json',
    authorization: `Bearer ${assertion()}`,
  }
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: at, path, method: 'POST', headers },
      (answer) => {
        const chunks = []
        answer.on('data', (chunk) => chunks.push(chunk))
        answer.on('error', reject)
        answer.on('end', () => {
          resolve({ status: answer.statusCode, json: JSON.parse(Buffer.concat(chunks).toString()) })
        })
      },
    )
    asked.on('error', reject)
    asked.end(JSON.stringify(body))
  })
}

/** May it, and is it done now, once? Answers with the status for the agent and what to tell it. */
async function governed(spiffeId, action, properties, act) {
  const asked = await ask('/access/v1/evaluation', {
    subject: { type: 'instance', id: spiffeId },
    action: { name: action, properties },
    resource: { type: 'system', id: system },
  })
  const { decision = false, context = {} } = asked.json
  if (!decision) return [403, { code: context.code, reason: context.reason_user?.en }]
  const grant = context.grant.token
  // From here on it may have been done: a grant that is burnt is burnt.
  if ((await ask('/access/v1/grants/burn', { grant })).status !== 200)
    return [409, { code: 'void' }]
  const done = act(properties)
  await ask('/access/v1/grants/outcome', { grant, status: 'ok' })
  return [200, { done }]
}

const tls = {
  key: readFileSync('tls.key'),
  cert: readFileSync('tls.pem'),
  // The roots of Bailiwick: nobody else's certificate gets in.
  ca: readFileSync('roots.pem'),
  requestCert: true,
  rejectUnauthorized: true,
  minVersion: 'TLSv1.3',
}

const server = createServer(tls, (incoming, outgoing) => {
  const names = incoming.socket.getPeerCertificate().subjectaltname ?? ''
  const spiffeId = /^URI:(spiffe:\/\/[^,\s]+)$/.exec(names)?.[1] ?? ''
  const { searchParams } = new URL(incoming.url, 'https://us')
  const properties = { text: searchParams.get('text') ?? '' }
  governed(spiffeId, 'echo', properties, ({ text }) => text).then(
    ([status, said]) => outgoing.writeHead(status).end(JSON.stringify(said)),
    (error) => {
      console.error(error)
      // What cannot be asked is not done.
      outgoing.writeHead(503).end('{"code":"unavailable"}')
    },
  )
})
server.listen(Number(port), '127.0.0.1', () => {
  console.log(`https://127.0.0.1:${server.address().port}`)
})
