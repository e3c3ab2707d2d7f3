// Holds the tests of scopes.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isScopePattern, scopeCovers, scopeNarrows, scopeReaches } from './scope.ts'

const pattern = fc.oneof(
  fc.constant('*'),
  fc.constantFrom('notes/*', 'mail/*', 'notes/read', 'notes/write', 'mail/send'),
)
const scope = fc.array(pattern, { minLength: 1, maxLength: 5 })
const actions = [
  ['notes', 'read'],
  ['notes', 'write'],
  ['mail', 'send'],
  ['mail', 'read'],
] as const

test('a pattern is *, a system with *, or one action', () => {
  for (const good of ['*', 'notes/*', 'notes/read_note', 'a-b/x.y:z'])
    assert.ok(isScopePattern(good))
  for (const bad of [
    '',
    '/',
    'notes',
    'notes/',
    '*/read',
    'Notes/read',
    'notes/a b',
    'notes/re*d',
    'notes/"',
  ])
    assert.ok(!isScopePattern(bad), bad)
})

test('INV-4 a scope that narrows covers nothing that the wider one does not', () => {
  fc.assert(
    fc.property(scope, scope, (wide, narrow) => {
      if (!scopeNarrows(wide, narrow)) return
      for (const [system, action] of actions) {
        if (scopeCovers(narrow, system, action)) assert.ok(scopeCovers(wide, system, action))
        if (scopeReaches(narrow, system)) assert.ok(scopeReaches(wide, system))
      }
    }),
  )
})

test('an empty scope covers nothing', () => {
  assert.equal(scopeCovers([], 'notes', 'read'), false)
  assert.equal(scopeReaches([], 'notes'), false)
})
