// Holds tokens end to end: a whole Bailiwick, and clients that are curl, openssl, and the commands of the docs.

import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { Agent, fetch as undiciFetch } from 'undici'
import * as oauth from 'oauth4webapi'
import { ROOT } from '../../scripts/source/tree.ts'
import { webKeys } from '../fakes/oauth.ts'
import { Bailiwick } from './bailiwick.ts'
import { blocksOf } from './markdown.ts'
import { createPrivateKey } from 'node:crypto'

const run = promisify(execFile)

/** The shell blocks of the page, in order. */
function shellOf(page: string): string[] {
  return blocksOf(readFileSync(join(ROOT, page), 'utf8'))
    .filter(({ language }) => language === 'sh')
    .map(({ text }) => text)
}

function folder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'bailiwick-tokens-e2e-'))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** Runs shell text in a folder; what fails stops it. */
async function shell(text: string, path: string, identity: string): Promise<string> {
  const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', text], {
    cwd: path,
    env: { ...process.env, IDENTITY: identity },
  })
  return stdout
}

test('the commands of the docs work: curl and openssl enrol, get tokens, narrow, look and revoke', async () => {
  await using bailiwick = await Bailiwick.start()
  using at = folder()
  await bailiwick.agent('worker', ['worker'])
  writeFileSync(join(at.path, 'join.token'), `${await bailiwick.joinToken('worker')}\n`)
  const blocks = shellOf('docs/concepts/tokens.md')
  assert.equal(blocks.length, 3)
  await shell(blocks.join('\n'), at.path, bailiwick.identityUrl)
  const claims = decodeJwt(readFileSync(join(at.path, 'access.token'), 'utf8').trim())
  assert.equal(claims.iss, bailiwick.identityUrl)
  assert.equal(claims['scope'], 'fs/read_file fs/list_directory')
  assert.match(String(claims.sub), /^[0-9a-f-]{36}$|^per_/)
})

test('oauth4webapi gets a token by private_key_jwt and DPoP from a whole Bailiwick', async () => {
  await using bailiwick = await Bailiwick.start()
  using at = folder()
  await bailiwick.agent('worker', ['worker'])
  writeFileSync(join(at.path, 'join.token'), `${await bailiwick.joinToken('worker')}\n`)
  await shell(shellOf('docs/concepts/tokens.md')[0] ?? '', at.path, bailiwick.identityUrl)
  const read = (name: string): string => readFileSync(join(at.path, name), 'utf8')
  const { spiffe_id } = JSON.parse(read('identity.json')) as { spiffe_id: string }
  const agent = new Agent({ connect: { ca: read('authority.pem') } })
  const options = {
    [oauth.customFetch]: async (url: string, init: object) =>
      (await undiciFetch(url, { ...init, dispatcher: agent })) as unknown as Response,
  }
  const issuer = new URL(bailiwick.identityUrl)
  const as = await oauth.processDiscoveryResponse(
    issuer,
    await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...options }),
  )
  const client: oauth.Client = { client_id: spiffe_id }
  const { privateKey } = await webKeys(createPrivateKey(read('key.pem')))
  const DPoP = oauth.DPoP(client, await webKeys())
  const ask = async () =>
    oauth.processClientCredentialsResponse(
      as,
      client,
      await oauth.clientCredentialsGrantRequest(
        as,
        client,
        oauth.PrivateKeyJwt(privateKey),
        {},
        { DPoP, ...options },
      ),
    )
  await assert.rejects(ask(), (error) => oauth.isDPoPNonceError(error))
  const answer = await ask()
  assert.equal(answer.token_type, 'dpop')
  const claims = decodeJwt(answer.access_token)
  assert.deepEqual(claims['act'], { sub: spiffe_id })
  await agent.close()
})

test('INV-4 authority handed on by exchange narrows, shows its chain, and ends with whoever handed it on', async () => {
  await using bailiwick = await Bailiwick.start()
  using one = folder()
  using two = folder()
  const enrol = shellOf('docs/concepts/tokens.md')[0] ?? ''
  for (const [name, at] of [
    ['planner', one],
    ['worker', two],
  ] as const) {
    await bailiwick.agent(name, ['worker'], true)
    writeFileSync(join(at.path, 'join.token'), await bailiwick.joinToken(name, true))
    await shell(enrol, at.path, bailiwick.identityUrl)
  }
  const identityOf = (at: { readonly path: string }) =>
    JSON.parse(readFileSync(join(at.path, 'identity.json'), 'utf8')) as {
      readonly spiffe_id: string
      readonly instance: string
    }
  const post = async (at: { readonly path: string }, path: string, form: object) => {
    const text = new URLSearchParams({ ...form }).toString()
    const curl = `curl -sS --cacert authority.pem --cert svid.pem --key key.pem -d '${text}' "$IDENTITY${path}"`
    return JSON.parse(await shell(curl, at.path, bailiwick.identityUrl)) as Record<string, string>
  }
  const exchange = {
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  }
  const own = await post(one, '/oauth/token', {
    grant_type: 'client_credentials',
    scope: 'fs/* mail/send',
  })
  const handed = await post(one, '/oauth/token', {
    ...exchange,
    subject_token: own['access_token'],
    audience: identityOf(two).spiffe_id,
    scope: 'fs/*',
  })
  assert.equal(handed['token_type'], 'N_A', JSON.stringify(handed))
  const taken = await post(two, '/oauth/token', {
    ...exchange,
    subject_token: handed['access_token'],
    scope: 'fs/read_file',
  })
  const text = taken['access_token'] ?? ''
  const claims = decodeJwt(text)
  assert.equal(claims.sub, identityOf(one).spiffe_id)
  assert.deepEqual(claims['act'], { sub: identityOf(two).spiffe_id })
  assert.equal(claims['scope'], 'fs/read_file')
  const look = async () => (await post(two, '/oauth/introspect', { token: text }))['active']
  assert.equal(String(await look()), 'true')
  const back = await post(two, '/oauth/token', {
    ...exchange,
    subject_token: text,
    audience: identityOf(one).spiffe_id,
  })
  assert.deepEqual([back['error'], back['code']], ['invalid_target', 'delegation.cycle'])
  await post(one, '/v1/end', {})
  assert.equal(String(await look()), 'false')
})
