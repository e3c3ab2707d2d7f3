// Holds the tests of the index over several runs of leaf hashes: each is found wherever it is, also after an older index was taken over.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'

import { base64url, sha256 } from '../std/bytes.ts'
import type { IndexRow } from './index-row.ts'
import { LogIndex } from './log-index.ts'
import { LEAF_QUERY, LogState } from './log-state.ts'
import { SEGMENT_HEAD } from './segment.ts'
import { temporaryHome } from './testbed.test.ts'

const COUNT = 65_536 + 300
const ORIGIN = 'log.test/log'

function row(i: number): IndexRow {
  const leaf = sha256(`leaf ${i}`)
  return {
    id: leaf.slice(0, 16),
    leaf,
    type: 'heartbeat',
    phase: 'lifecycle',
    call: null,
    agent: null,
    system: null,
    ts: i,
    ref: null,
    gateway: 'one',
    boot: 'b',
    iseq: i + 1,
  }
}

function found(path: string): (number | undefined)[] {
  const index = new LogIndex(path)
  try {
    const asked = [0, 65_535, 65_536, COUNT - 1, COUNT]
    return asked.map((i) => index.find(base64url(sha256(`leaf ${i}`))))
  } finally {
    index.close()
  }
}

test('a leaf hash is found in whichever run it is, and one that is in none is not', (t) => {
  const path = join(temporaryHome(t), 'log-state.sqlite')
  const state = new LogState(path, ORIGIN)
  const shards = [{ name: '2026h2', base: 0, size: COUNT, root: sha256('root') }]
  const rows = Array.from({ length: COUNT }, (_, i) => row(i))
  const position = { segment: 1, offset: SEGMENT_HEAD }
  assert.deepEqual(found(path), [undefined, undefined, undefined, undefined, undefined])
  state.commit(0, { size: COUNT, shards, position }, rows)
  state.close()
  const expected = [0, 65_535, 65_536, COUNT - 1, undefined]
  assert.deepEqual(found(path), expected)
  const before = new DatabaseSync(path)
  before.exec(`
    DROP INDEX records_leaf; CREATE INDEX records_leaf ON records (substr(leaf, 1, 6));
    PRAGMA user_version = 2`)
  before.close()
  new LogState(path, ORIGIN).close()
  assert.deepEqual(found(path), expected)
  const after = new DatabaseSync(path)
  const [plan] = after.prepare(`EXPLAIN QUERY PLAN ${LEAF_QUERY}`).all()
  assert.match(String(plan?.['detail']), /USING INDEX records_leaf \(<expr>=\? AND <expr>=\?\)/)
  after.close()
})
