// Holds our cursors: good for the caller and the list that they were made for, and for nobody else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemEntropy } from '../../std/entropy.ts'
import { Cursors } from './cursor.ts'

const cursors = new Cursors(systemEntropy)

test('a cursor names its place to whom it was given', () => {
  const cursor = cursors.make('me', 'files tools/list', { at: 1000 })
  assert.deepEqual({ ...cursors.read('me', 'files tools/list', cursor) }, { at: 1000 })
})

test('INV-1 a cursor of another caller, of another list or of another process is none', () => {
  const cursor = cursors.make('me', 'files tools/list', { at: 1000 })
  assert.equal(cursors.read('they', 'files tools/list', cursor), undefined)
  assert.equal(cursors.read('me', 'mail tools/list', cursor), undefined)
  assert.equal(new Cursors(systemEntropy).read('me', 'files tools/list', cursor), undefined)
})

test('INV-1 where one name ends and the next begins cannot be moved', () => {
  const cursor = cursors.make('me a', 'list', { at: 1 })
  assert.equal(cursors.read('me', 'a list', cursor), undefined)
})

test('a text that somebody made up is none', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
      assert.equal(cursors.read('me', 'list', text), undefined)
    }),
  )
})
