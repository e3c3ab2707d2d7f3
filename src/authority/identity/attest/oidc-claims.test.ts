// Holds tests of the reading of claims: what they are called, what is left out, and that nothing else comes of any token.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { JWTPayload } from 'jose'
import { factsOf, selectorsOf } from './oidc-claims.ts'
import { checkSelectors } from './selectors.ts'

test('the claims of a Kubernetes token are called by their path', () => {
  const payload = {
    iss: 'https://kubernetes.default.svc',
    aud: ['bailiwick'],
    exp: 2,
    sub: 'system:serviceaccount:ci:builder',
    'kubernetes.io': {
      namespace: 'ci',
      node: { name: 'node-1', uid: 'b5' },
      pod: { name: 'builder-0', uid: 'a4' },
      serviceaccount: { name: 'builder' },
    },
  }
  assert.deepEqual(selectorsOf(payload), [
    'oidc:kubernetes.io.namespace:ci',
    'oidc:kubernetes.io.node.name:node-1',
    'oidc:kubernetes.io.node.uid:b5',
    'oidc:kubernetes.io.pod.name:builder-0',
    'oidc:kubernetes.io.pod.uid:a4',
    'oidc:kubernetes.io.serviceaccount.name:builder',
    'oidc:sub:system:serviceaccount:ci:builder',
  ])
})

test('texts, whole numbers, booleans and members of lists are claims; a list is no fact', () => {
  const payload = { run: 7, protected: true, groups: ['a', 'b', 'a'], half: 0.5, none: null }
  assert.deepEqual(selectorsOf(payload), [
    'oidc:groups:a',
    'oidc:groups:b',
    'oidc:protected:true',
    'oidc:run:7',
  ])
  assert.deepEqual(factsOf(payload), { run: '7', protected: 'true' })
})

test('two claims of one path are neither there, whichever is longer or comes first', () => {
  const nested = { a: { b: 'good' } }
  const flat = { 'a.b': 'bad' }
  for (const payload of [
    { ...nested, ...flat },
    { ...flat, ...nested },
    { ...nested, 'a.b': 'x'.repeat(2_000) },
    { 'a.b': { c: '1' }, a: { 'b.c': '2' } },
  ]) {
    assert.deepEqual([selectorsOf(payload), factsOf(payload)], [[], {}])
  }
})

test('no token makes other selectors than such that a registration could name, nor more than a bound', () => {
  const claims = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 8 }))
  fc.assert(
    fc.property(claims, (payload) => {
      const selectors = selectorsOf(payload as JWTPayload)
      for (const selector of selectors) checkSelectors('oidc', ['oidc:sub:x', selector])
      assert.equal(new Set(selectors).size, selectors.length)
    }),
  )
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, at) => [`c${at}`, 'x']))
  assert.equal(selectorsOf(many).length, 512)
})
