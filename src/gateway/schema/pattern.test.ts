// Holds the tests of patterns: the library's own matcher as the oracle, on texts that cannot make it hang.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Pattern } from './pattern.ts'
import { UnreadablePattern } from './pattern-syntax.ts'

const free = { spend: () => undefined }

const atom = fc.constantFrom(
  'a',
  'b',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\.',
  '\\u0061',
  'é',
  '😀',
)
const pattern = fc.letrec<{ any: string }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 3, depthSize: 'small' },
    atom,
    fc.constantFrom('^', '$', '\\b', '\\B', ''),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => a + b),
    fc.tuple(tie('any'), tie('any')).map(([a, b]) => `(?:${a}|${b})`),
    fc
      .tuple(tie('any'), fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}', '*?'))
      .map(([a, times]) => `(${a})${times}`),
  ),
})).any
const text = fc
  .array(fc.constantFrom('a', 'b', 'c', '1', ' ', '.', '_', '\n', 'é', '😀'), { maxLength: 8 })
  .map((parts) => parts.join(''))

test('a pattern is found exactly where the library finds it', () => {
  let found = 0
  fc.assert(
    fc.property(pattern, text, (source, of) => {
      // The library looks for this one between the halves of a character, too.
      fc.pre(!source.includes('\\B') || !of.includes('😀'))
      const oracle = new RegExp(source, 'u').test(of)
      if (oracle) found++
      assert.equal(new Pattern(source).found(of, free), oracle, JSON.stringify({ source, of }))
    }),
    { numRuns: 5_000 },
  )
  assert.ok(found > 500)
})

test('patterns of the wild are read, also those that the library needs no u for', () => {
  const email = new Pattern('^[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\\.[A-Za-z]{2,}$')
  assert.equal(email.found('a.b@c.example', free), true)
  assert.equal(email.found('a.b@c', free), false)
  assert.equal(new Pattern('^\\p{Lu}').found('Élan', free), true)
  assert.equal(new Pattern('^(?<year>\\d{4})-\\d\\d$').found('2026-11', free), true)
  assert.equal(new Pattern('^/[a-z_{}/]+$').found('/a/{b}', free), true)
})

test('what no linear matcher can do is refused, and so is what is no pattern', () => {
  for (const wrong of [
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    '(?=a)',
    '(?<!a)b',
    '(a)\\1',
    '\\k<a>',
    'a{3,1}',
    '\\',
    '\\y',
  ]) {
    assert.throws(() => new Pattern(wrong), UnreadablePattern, wrong)
  }
  for (const large of [
    '(((a{99}){99}){99})',
    '((((){1000}){1000}){1000}){1000}',
    'a'.repeat(5_000),
    '('.repeat(100),
  ]) {
    assert.throws(() => new Pattern(large), UnreadablePattern)
  }
})
