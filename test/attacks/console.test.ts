// Holds attacks on the console from outside of it: pages that frame, forge, sniff and wander, and what a page of it could be made to do.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { readConsole, type ConsoleFiles } from '../../src/api/console/files.ts'
import { ROUTES } from '../../src/api/access.ts'
import { formatVkey, parseVkey } from '../../src/tlog/note.ts'
import { FakeBrowser } from '../fakes/browser.ts'
import { ControlHome } from '../fakes/control.ts'

const ROOT = join(import.meta.dirname, '..', '..')

let home: ControlHome
let built: ConsoleFiles
let browser: FakeBrowser

before(async () => {
  const files = readConsole(join(ROOT, 'build', 'console'))
  assert.ok(files, 'the console is built: node scripts/setup.mjs')
  built = files
  home = await ControlHome.open(built)
  browser = new FakeBrowser(home)
  await browser.signIn(home.ada.id)
})
after(() => home?.close())

test('its document is for who is signed in, and nobody frames, sniffs or keeps it', async () => {
  const stranger = await new FakeBrowser(home).ask('GET', '/console/', { page: true })
  assert.ok([303, 401].includes(stranger.status), String(stranger.status))
  for (const path of [
    '/console/',
    '/console/agents',
    '/console/calls/x',
    '/console/%3Cscript%3E',
  ]) {
    const response = await browser.ask('GET', path, { page: true })
    assert.equal(response.status, 200, path)
    const policy = response.headers.get('content-security-policy') ?? ''
    for (const directive of [
      "default-src 'none'",
      "script-src 'self'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
    ]) {
      assert.ok(policy.includes(directive), `${path}: ${directive}`)
    }
    assert.doesNotMatch(policy, /unsafe|data:|blob:|https?:|\*/)
    assert.equal(response.headers.get('x-content-type-options'), 'nosniff')
    assert.match(response.headers.get('cache-control') ?? '', /no-store/)
    assert.equal(await response.text(), built.document, 'nothing of the address gets into it')
  }
})

test('its document loads its own files alone, and has nothing inline', () => {
  const { document } = built
  assert.doesNotMatch(document, /<script(?![^>]*\ssrc=)|<style|\son[a-z]+=|javascript:|style=/i)
  const loaded = [...document.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, to]) => to!)
  assert.ok(loaded.length > 1)
  for (const to of loaded) assert.match(to, /^\/console\//)
})

test('no file of it asks anybody else, or makes script out of text', () => {
  for (const [name, { bytes }] of built.files) {
    if (!name.endsWith('.js')) continue
    const text = Buffer.from(bytes).toString('utf8')
    assert.doesNotMatch(text, /\beval\(|new Function\(/, name)
    const asked = [...text.matchAll(/(?:fetch|import|EventSource|WebSocket)\(["'`](https?:|\/\/)/g)]
    assert.deepEqual(asked, [], name)
  }
})

test('names of files lead nowhere but into the build', async () => {
  const wanders = [
    '/console/assets/..%2f..%2fpackage.json',
    '/console/assets/%2e%2e%2findex.html',
    '/console/assets/....//index.html',
    '/console/assets/index.html',
    '/console/assets/%00',
    '/console/assets/constructor',
    '/console/assets/__proto__',
    `/console/assets/${'a'.repeat(5_000)}`,
  ]
  for (const path of wanders) {
    const response = await browser.ask('GET', path)
    assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`)
    assert.doesNotMatch(await response.text(), /"dependencies"|<html/)
  }
})

/** Routes that change something, with names filled in. */
const CHANGES = Object.keys(ROUTES)
  .filter((route) => /^(?:POST|PATCH|PUT|DELETE) \/v1\//.test(route))
  .map((route) => route.replaceAll(/\{[^}]+\}/g, 'x').split(' ') as [string, string])

test('whatever a page of it may change, no other page can: every route, every way to forge one', async () => {
  assert.ok(CHANGES.length > 60, `${CHANGES.length} routes`)
  const forged = [
    { origin: 'https://evil.example', site: 'cross-site' },
    // A tool on another port of this host: the same site, and not ours.
    { origin: 'http://bailiwick.localhost:9999', site: 'same-site' },
    { origin: 'null', site: 'cross-site' },
    { origin: null, site: 'same-origin' },
    { origin: null, site: null },
    { site: 'none' },
  ]
  const size = async (): Promise<number> => (await home.audit.tail({ limit: 1 }))[0]?.index ?? 0
  const before = await size()
  for (const [method, path] of CHANGES) {
    for (const of of forged) {
      const response = await browser.ask(method, path, { json: {}, ...of })
      assert.equal(response.status, 403, `${method} ${path} ${JSON.stringify(of)}`)
      const { code } = (await response.json()) as { code: string }
      assert.match(code, /^api\.(?:origin|host)$/, `${method} ${path} ${JSON.stringify(of)}`)
    }
  }
  // Refusals may be on record; changes are not.
  const made = await home.audit.tail({ limit: 500 })
  const since = made.filter(({ index }) => (index ?? 0) > before)
  assert.deepEqual(
    since.map(({ record }) => record.type).filter((type) => !type.startsWith('api.')),
    [],
  )
})

test('a page elsewhere reads nothing with the cookie of ours', async () => {
  const read = ['/v1/agents', '/v1/audit/records', '/v1/audit/keys', '/v1/policies/schema']
  for (const path of read) {
    for (const site of ['cross-site', 'same-site']) {
      const response = await browser.ask('GET', path, { site })
      assert.equal(response.status, 403, `${path} ${site}`)
      assert.equal(response.headers.get('access-control-allow-origin'), null)
    }
    const asking = await browser.ask('OPTIONS', path, { origin: 'https://evil.example' })
    assert.equal(asking.headers.get('access-control-allow-origin'), null)
  }
})

test('another name for this host is refused: a name that somebody points here later reads nothing', async () => {
  for (const host of ['evil.example', 'bailiwick.localhost.evil.example:7400', '127.0.0.1:1']) {
    const response = await browser.ask('GET', '/console/', { page: true, headers: { host } })
    assert.ok(response.status >= 400, `${host}: ${response.status}`)
    assert.notEqual(await response.text(), built.document)
  }
})

test('what the console verifies by is public keys, and nothing else', async () => {
  const answer = (await (await browser.ask('GET', '/v1/audit/keys')).json()) as { log: string[] }
  assert.deepEqual({ ...answer, log: [] }, { log: [], witnesses: [] })
  for (const line of answer.log) assert.equal(formatVkey(...partsOf(line)), line)
})

/** Name, type and key of a line; a key of Ed25519 has 32 bytes, so nothing else stands in it. */
function partsOf(line: string): [string, number, Uint8Array] {
  const { name, type, publicKey } = parseVkey(line)
  assert.deepEqual([type, publicKey.length], [1, 32])
  return [name, type, publicKey]
}
