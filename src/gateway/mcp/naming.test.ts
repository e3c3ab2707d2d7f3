// Holds the names of the joined endpoint: every one can be read back, and no two things have the same.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { joinedNames, readJoinedName, readJoinedUri } from './naming.ts'

const system = fc.stringMatching(/^[a-z0-9]+(-[a-z0-9]+)*$/)
const own = fc.string({ minLength: 1 })

test('a name and an address read back as what they were made of', () => {
  fc.assert(
    fc.property(system, own, (name, thing) => {
      assert.deepEqual(readJoinedName(joinedNames(name).name(thing)), { system: name, own: thing })
      assert.deepEqual(readJoinedUri(joinedNames(name).uri(thing)), { system: name, own: thing })
    }),
  )
})

test('INV-1 two things of two systems never have one name, however they are called', () => {
  fc.assert(
    fc.property(system, own, system, own, (a, x, b, y) => {
      if (a === b && x === y) return
      assert.notEqual(joinedNames(a).name(x), joinedNames(b).name(y))
      assert.notEqual(joinedNames(a).uri(x), joinedNames(b).uri(y))
    }),
  )
})

test('a template that is filled in reads back as the same template filled in', () => {
  const shown = joinedNames('files').uri('file:///{path}/data')
  const filled = shown.replace('{path}', 'a%2Fb')
  assert.deepEqual(readJoinedUri(filled), { system: 'files', own: 'file:///a%2Fb/data' })
})

test('what was never given is of nobody', () => {
  for (const name of ['', '__', '__echo', 'files__', 'files_echo', 'files/echo']) {
    assert.equal(readJoinedName(name), undefined, name)
  }
  for (const uri of ['', 'file:///x', 'bailiwick://', 'bailiwick:///x', 'bailiwick://files/']) {
    assert.equal(readJoinedUri(uri), undefined, uri)
  }
})
