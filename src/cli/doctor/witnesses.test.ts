// Holds tests of what `doctor` says of witnesses.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rfc3339 } from '../../std/clock.ts'
import { checkWitnesses } from './witnesses.ts'

const NOW = Date.UTC(2026, 10, 23, 12)
const SEEN = {
  forked: null,
  witnessed: true,
  witnessed_at: rfc3339(NOW - 60_000),
  witnessed_size: 9,
}

test('witnesses are well only where enough of them have seen the log lately, and no other history', () => {
  const state = (log: Partial<Parameters<typeof checkWitnesses>[1]['log']>, named = true): string =>
    checkWitnesses(named, { log: { ...SEEN, ...log } }, NOW).state
  assert.equal(state({}), 'ok')
  assert.equal(state({}, false), 'warn')
  assert.equal(state({ witnessed: false }), 'warn')
  assert.equal(state({ witnessed_at: rfc3339(NOW - 7_300_000) }), 'warn')
  assert.equal(state({ witnessed_at: null }), 'warn')
  // Another history is bad whatever else there is, also where nobody is named any more.
  assert.equal(state({ forked: 'w has another' }), 'bad')
  assert.equal(state({ forked: 'w has another' }, false), 'bad')
})
