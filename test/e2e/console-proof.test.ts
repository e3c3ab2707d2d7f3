// Holds what a browser computes by itself: that a record is in the log, from its bytes to the root that was signed, whoever shows it.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { generateKeyPairSync, sign } from 'node:crypto'
import type { Page } from 'playwright-core'
import { utf8 } from '../../src/std/bytes.ts'
import { formatCheckpoint } from '../../src/tlog/checkpoint.ts'
import { rawEd25519 } from '../../src/tlog/ed25519.ts'
import { Edge } from '../../src/tlog/edge.ts'
import { leafHash } from '../../src/tlog/hash.ts'
import { formatVkey, NOTE_ED25519, noteSigner, signNote } from '../../src/tlog/note.ts'
import { formatProof, parseProof } from '../../src/tlog/proof.ts'
import { inclusionProof } from '../../src/tlog/tree.ts'
import { ConsoleSetting, IN_CHROMIUM as options } from './console-setting.ts'

let setting: ConsoleSetting
let page: Page

before(async () => {
  const started = await ConsoleSetting.start()
  if (started === undefined) return
  setting = started
  page = setting.page
})

after(() => setting?.close())

/** The page of the call that was denied, once its record is published. */
async function openCall(): Promise<void> {
  await page.goto(setting.at('/console/calls?q=decision%3Adeny'))
  await page.getByRole('row').filter({ hasText: 'denied' }).first().click()
  await page.getByRole('button', { name: 'Verify', exact: true }).first().waitFor()
}

async function verify(): Promise<void> {
  await page.getByRole('button', { name: 'Verify', exact: true }).first().click()
}

test('a record is verified by the browser, and the key is remembered', options, async () => {
  await openCall()
  await verify()
  await page.getByText('✓ verified in this browser').waitFor()
  await page.getByText('sees this key for the first time').waitFor()
  await page.getByText('the bytes that were hashed').click()
  const bytes = (await page.getByLabel('the record').textContent()) ?? ''
  assert.equal((JSON.parse(bytes) as { agent?: string }).agent, 'worker')
  assert.deepEqual(await setting.seen('/call-verified', 'light'), [])
  await verify()
  await page.getByText('is the one that this browser remembers').waitFor()
})

/** Text of an answer, as the page would get it. */
function answer(path: string): Promise<string> {
  return page.evaluate(async (from) => (await fetch(from)).text(), path)
}

/** Answers a question of the page otherwise than the server would. */
async function answerWith(path: string, body: string): Promise<void> {
  await page.route(setting.at(path), (route) => route.fulfill({ body }))
}

/** Where the first record of the call is. */
async function recordPath(): Promise<string> {
  const link = page.getByRole('link', { name: '.tlog-proof' }).first()
  return ((await link.getAttribute('href')) ?? '').replace(/\/proof$/, '')
}

test('INV-7 with one byte changed it says at which step it ends', options, async () => {
  await openCall()
  const path = await recordPath()
  const changes = [
    ['/entry', (text: string) => text.replace('"worker"', '"worked"'), 'not in the tree'],
    ['/proof', (text: string) => text.replace(/^index .*$/m, 'index 0'), 'not in the tree'],
    ['/proof', (text: string) => text.replace(/\n(\d+)\n/, '\n9$1\n'), 'does not hold'],
    ['/proof', () => 'trust me\n', 'not a proof'],
  ] as const
  for (const [end, change, why] of changes) {
    const [before, after] = await answer(`${path}${end}`).then((text) => [text, change(text)])
    assert.notEqual(after, before)
    await answerWith(`${path}${end}`, after!)
    await openCall()
    await verify()
    await page.getByRole('alert').getByText('✗ not proven').waitFor()
    await page.getByRole('alert').filter({ hasText: why }).waitFor()
    assert.equal(await page.getByText('✓ verified').count(), 0)
    await page.unrouteAll()
  }
})

test('a record of something else, whole and in the log, proves nothing here', options, async () => {
  const path = await recordPath()
  for (const end of ['/proof', '/entry']) {
    await answerWith(`${path}${end}`, await answer(`/v1/audit/records/0${end}`))
  }
  await openCall()
  await verify()
  await page.getByRole('alert').getByText('a record of something else').waitFor()
  await page.unrouteAll()
})

/** A log of somebody else's under the name of ours that has this record at this place, and the line of the key that signed it. */
function forged(origin: string, index: number, entry: string): { proof: string; line: string } {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const raw = rawEd25519(publicKey.export({ format: 'der', type: 'spki' }))
  const leaves = Array.from({ length: index + 1 }, () => utf8(entry)).map(leafHash)
  const edge = Edge.load(0, () => new Uint8Array())
  const tiles = new Map(
    edge.append(leaves).tiles.map(({ ref, bytes }) => [`${ref.level}/${ref.index}`, bytes]),
  )
  const size = index + 1
  const signer = noteSigner(origin, raw, (body) => sign(null, body, privateKey))
  const checkpoint = signNote(formatCheckpoint({ origin, size, root: edge.root() }), [signer])
  const read = (level: number, at: number) => tiles.get(`${level}/${at}`) ?? new Uint8Array()
  const hashes = inclusionProof(index, size, read)
  return {
    proof: formatProof({ index, hashes, checkpoint }),
    line: formatVkey(origin, NOTE_ED25519, raw),
  }
}

test(
  "a half-year's key of another log, beside the log's own that is remembered, proves nothing",
  options,
  async () => {
    await openCall()
    const path = await recordPath()
    const [entry, proof] = [await answer(`${path}/entry`), await answer(`${path}/proof`)]
    const keys = JSON.parse(await answer('/v1/audit/keys')) as {
      log: string[]
      witnesses: string[]
    }
    const origin = /\n\n(.*)\n/.exec(proof)?.[1] ?? ''
    const other = forged(origin, parseProof(proof).index, entry)
    await answerWith(`${path}/proof`, other.proof)
    const log = [keys.log[0]!, other.line]
    await answerWith('/v1/audit/keys', JSON.stringify({ ...keys, log }))
    await openCall()
    await verify()
    await page.getByRole('alert').filter({ hasText: 'signature' }).waitFor()
    assert.equal(await page.getByText('✓ verified').count(), 0)
    await page.unrouteAll()
  },
)

test('a log that signs with another key than before is told, loudly', options, async () => {
  await page.evaluate(() => localStorage.setItem('bailiwick.log-key', 'log.example+00000000+AAAA'))
  await openCall()
  await verify()
  await page.getByText('is another than this browser has seen before').waitFor()
  assert.equal(
    await page.getByText('✓ verified').count(),
    0,
    'a tick by a key that nobody compared',
  )
  await page.getByRole('button', { name: 'I compared it: trust the new key' }).click()
  await page.getByText('is the one that this browser remembers').waitFor()
  await page.getByText('✓ verified').waitFor()
})

test(
  'two files that were handed over are verified without being sent anywhere',
  options,
  async () => {
    const { bailiwick } = setting
    const { stdout } = await bailiwick.cli(['audit', 'search', 'decision:deny', '-o', 'json'])
    const id = /"id":\s*"([0-9a-f-]{36})"/.exec(stdout)?.[1] ?? ''
    const out = `${bailiwick.home}/one`
    const handed = await bailiwick.cli(['audit', 'proof', id, '--out', out])
    assert.equal(handed.code, 0, handed.stderr)
    await page.goto(setting.at('/console/log'))
    await page.getByLabel('Proof', { exact: true }).setInputFiles(`${out}.tlog-proof`)
    await page.getByLabel('Record', { exact: true }).setInputFiles(`${out}.json`)
    const sent: string[] = []
    page.on('request', (request) => void (request.method() === 'GET' || sent.push(request.url())))
    await verify()
    await page.getByText('✓ verified in this browser').waitFor()
    assert.deepEqual(sent, [])
    assert.deepEqual(setting.wrong, [])
  },
)
