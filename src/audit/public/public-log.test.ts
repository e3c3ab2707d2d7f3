// Holds the tests of the public log over real HTTP, named for the sections of C2SP tlog-tiles and of RFC 9110.

import assert from 'node:assert/strict'
import { rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { ORIGIN, sealedEntries, SHARD, writeLog } from '../../../test/fakes/written-log.ts'
import { parseCheckpoint } from '../../tlog/checkpoint.ts'
import { NOTE_ED25519, noteVerifier, openNote, parseVkey } from '../../tlog/note.ts'
import { leafHash, nodeHash } from '../../tlog/hash.ts'
import { rootHash } from '../../tlog/tree.ts'
import { temporaryHome } from '../testbed.test.ts'
import { PublicLog } from './public-log.ts'

const OCTETS = 'application/octet-stream'

/** A log of so many records, published at each of the sizes, and served. */
async function served(t: TestContext, ...sizes: readonly number[]) {
  const home = temporaryHome(t)
  const total = sizes.at(-1) ?? 0
  const entries = sealedEntries(total)
  const log = writeLog(home, entries.slice(0, sizes[0]))
  sizes.slice(1).forEach((size, i) => log.append(entries.slice(sizes[i], size)))
  const { root } = parseCheckpoint(log.checkpoint().split('\n\n')[0] + '\n')
  const shards = () => [{ name: SHARD, base: 0, size: total, root }]
  const publicLog = new PublicLog({ home, origin: ORIGIN, shards })
  const server = createServer((request, response) => {
    publicLog.serve(request, response).then(
      (was) => was || response.writeHead(421).end(),
      (error: unknown) => response.destroy(error instanceof Error ? error : undefined),
    )
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/log/${SHARD}`
  const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
    fetch(`${base}/${path}`, { headers, method, redirect: 'manual' })
  const bytes = async (path: string) => new Uint8Array(await (await get(path)).arrayBuffer())
  return { log, base, get, bytes, total, entries, root }
}

test('C2SP tlog-tiles §Checkpoints: the signed tree head is at <prefix>/checkpoint, text/plain in UTF-8, and kept by caches for seconds at most', async (t) => {
  const { get, log } = await served(t, 3)
  const answer = await get('checkpoint')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  assert.match(answer.headers.get('cache-control') ?? '', /^public, max-age=[0-5]$/)
  assert.equal(await answer.text(), log.checkpoint())
})

test('C2SP tlog-tiles §Checkpoints: it carries an Ed25519 signature by the log, which <prefix>/vkey verifies', async (t) => {
  const { get } = await served(t, 3)
  const answer = await get('vkey')
  assert.equal(answer.headers.get('content-type'), 'text/plain; charset=utf-8')
  const vkey = parseVkey((await answer.text()).trimEnd())
  assert.deepEqual([vkey.type, vkey.name], [NOTE_ED25519, `${ORIGIN}/${SHARD}`])
  const note = await (await get('checkpoint')).text()
  const { verified, body } = openNote(note, [noteVerifier(vkey)])
  assert.equal(verified.length, 1)
  assert.equal(parseCheckpoint(body).origin, vkey.name)
})

test('C2SP tlog-tiles §Parameters: the origin is the prefix without scheme and trailing slash', async (t) => {
  const { get } = await served(t, 1)
  const [origin = ''] = (await (await get('checkpoint')).text()).split('\n', 1)
  assert.equal(origin, `${ORIGIN}/${SHARD}`)
  assert.doesNotMatch(origin, /:\/\/|\/$/)
})

test('C2SP tlog-tiles §Merkle Tree: tiles are application/octet-stream, full ones exactly 8,192 bytes and cached for long', async (t) => {
  const { get, entries } = await served(t, 256)
  const answer = await get('tile/0/000')
  assert.equal(answer.headers.get('content-type'), OCTETS)
  assert.match(answer.headers.get('cache-control') ?? '', /max-age=31536000, immutable/)
  const tile = new Uint8Array(await answer.arrayBuffer())
  assert.equal(tile.length, 8_192)
  assert.deepEqual(tile, new Uint8Array(Buffer.concat(entries.map(leafHash))))
})

test('C2SP tlog-tiles §Merkle Tree: <L> is 0 to 63 without leading zeros, <N> in threes with x before all but the last', async (t) => {
  const { get } = await served(t, 300)
  assert.equal((await get('tile/0/000')).status, 200)
  const wrong = [
    'tile/00/000',
    'tile/64/000',
    'tile/-1/000',
    'tile/+0/000',
    'tile/0/0',
    'tile/0/0000',
    'tile/0/x000',
    'tile/0/x000/000',
    'tile/0/000/',
    'tile/0/000.p/044',
    'tile/0/001.p/0',
    'tile/0/001.p/256',
    'tile/0/001.p/044',
    'tile/0/%30%30%30',
    'tile/0/999',
    'tile/0//000',
    'tile/0/..%2f..%2f..%2flog.vkey',
  ]
  for (const path of wrong) {
    const answer = await get(path)
    assert.deepEqual([answer.status, answer.headers.get('cache-control')], [404, 'no-store'], path)
  }
})

test('C2SP tlog-tiles §Merkle Tree: each hash of level 1 is the tree hash of a full tile below, and a partial tile is never hashed upward', async (t) => {
  const { bytes, total, root } = await served(t, 600)
  const folded = (tile: Uint8Array): Uint8Array => {
    const hashes = Array.from({ length: tile.length / 32 }, (_, i) =>
      tile.subarray(i * 32, i * 32 + 32),
    )
    let level = hashes
    while (level.length > 1) {
      level = Array.from({ length: level.length / 2 }, (_, i) =>
        nodeHash(level[i * 2]!, level[i * 2 + 1]!),
      )
    }
    return level[0]!
  }
  const upper = await bytes('tile/1/000.p/2')
  assert.equal(upper.length, 64)
  assert.deepEqual(
    Buffer.from(upper.subarray(0, 32)),
    Buffer.from(folded(await bytes('tile/0/000'))),
  )
  assert.deepEqual(Buffer.from(upper.subarray(32)), Buffer.from(folded(await bytes('tile/0/001'))))
  // What is served is the whole tree: the root of the checkpoint follows from it.
  const tiles = new Map([
    ['0/0/256', await bytes('tile/0/000')],
    ['0/1/256', await bytes('tile/0/001')],
    ['0/2/88', await bytes('tile/0/002.p/88')],
    ['1/0/2', upper],
  ])
  const computed = rootHash(total, (level, index, width) =>
    tiles.get(`${level}/${index}/${width}`)!,
  )
  assert.deepEqual(Buffer.from(computed), Buffer.from(root))
})

test('C2SP tlog-tiles §Partial Tiles: of the width that the size gives, never empty, never wider than the log', async (t) => {
  const { get, bytes } = await served(t, 256)
  assert.equal((await bytes('tile/1/000.p/1')).length, 32)
  for (const path of [
    'tile/0/001',
    'tile/0/001.p/1',
    'tile/1/000.p/2',
    'tile/1/000',
    'tile/2/000.p/1',
  ]) {
    assert.equal((await get(path)).status, 404, path)
  }
})

test('C2SP tlog-tiles §Partial Tiles: those of every size that had a checkpoint are served, from the full tile where that has come', async (t) => {
  const { get, bytes, entries } = await served(t, 5, 9, 300)
  for (const width of [5, 9]) {
    const path = `tile/0/000.p/${width}`
    const want = Buffer.concat(entries.slice(0, width).map(leafHash))
    assert.deepEqual(Buffer.from(await bytes(path)), want)
    assert.equal((await get(path)).headers.get('cache-control'), 'public, max-age=60')
  }
})

test('C2SP tlog-tiles §Partial Tiles: an earlier one is there when nothing else of it is left on the disk', async (t) => {
  const { bytes, entries, log } = await served(t, 5, 300)
  rmSync(join(log.shard, 'tile/0/000.p'), { recursive: true, force: true })
  const want = Buffer.concat(entries.slice(0, 5).map(leafHash))
  assert.deepEqual(Buffer.from(await bytes('tile/0/000.p/5')), want)
})

test('entries are not public: no bundle is served, full or partial, whoever asks', async (t) => {
  const { get } = await served(t, 300)
  for (const path of ['tile/entries/000', 'tile/entries/001.p/44', 'tile/data/000']) {
    const answer = await get(path, { authorization: 'Bearer anything' })
    assert.deepEqual([answer.status, await answer.text()], [404, 'not found\n'], path)
  }
})

test('RFC 9110 §13.1.2 If-None-Match is a list of entity tags weakly compared, or *, and a match is a 304 without content', async (t) => {
  const { get } = await served(t, 300)
  for (const path of ['checkpoint', 'vkey', 'tile/0/000', 'tile/0/001.p/44']) {
    const etag = (await get(path)).headers.get('etag') ?? ''
    assert.match(etag, /^"[\w-]{43}"$/)
    for (const known of [etag, `W/${etag}`, '*', `"x", ${etag}`, `"a,b",W/"y" , W/${etag},`]) {
      const answer = await get(path, { 'if-none-match': known })
      assert.deepEqual([answer.status, await answer.text()], [304, ''], known)
      assert.equal(answer.headers.get('etag'), etag)
      assert.notEqual(answer.headers.get('cache-control'), null)
    }
    const core = etag.slice(1, -1)
    for (const other of [
      '"x"',
      core,
      `"${core}`,
      `"x${core}"`,
      `"x" ${etag}`,
      '"*"',
      `*, ${etag}`,
    ]) {
      assert.equal((await get(path, { 'if-none-match': other })).status, 200, other)
    }
  }
  assert.equal((await get('tile/0/999', { 'if-none-match': '*' })).status, 404)
})

test('RFC 9110 §9.3.2 HEAD answers what GET would, without content, and any other method is a 405 with what is allowed', async (t) => {
  const { get } = await served(t, 300)
  for (const path of ['checkpoint', 'tile/0/000', 'tile/0/999']) {
    const [one, two] = [await get(path), await get(path, {}, 'HEAD')]
    const length = (await one.arrayBuffer()).byteLength
    assert.deepEqual([two.status, two.headers.get('content-length')], [one.status, String(length)])
    for (const name of ['content-type', 'cache-control', 'etag']) {
      assert.equal(two.headers.get(name), one.headers.get(name))
    }
    assert.equal((await two.arrayBuffer()).byteLength, 0)
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
    const answer = await get('checkpoint', {}, method)
    assert.deepEqual([answer.status, answer.headers.get('allow')], [405, 'GET, HEAD'])
  }
})
