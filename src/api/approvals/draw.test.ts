// Holds tests of inertness: nothing in a stranger's text hides, moves or overflows.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../std/bytes.ts'
import { parseJson, type Json } from '../../std/json.ts'
import { inert } from '../../std/inert.ts'
import { draw } from './draw.ts'

const unseen = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u

test('what people do not see is written as an escape', () => {
  for (const [what, text, shown] of [
    ['bidirectional override', 'a\u202eb', 'a\\u{202e}b'],
    ['bidirectional isolate', '\u2066', '\\u{2066}'],
    ['right-to-left mark', '\u200f', '\\u{200f}'],
    ['zero width space', '\u200b', '\\u{200b}'],
    ['byte order mark', '\ufeff', '\\u{feff}'],
    ['soft hyphen', '\u00ad', '\\u{ad}'],
    ['tag letters', '\u{e0041}', '\\u{e0041}'],
    ['variation selector', '\u{e0100}', '\\u{e0100}'],
    ['Hangul filler', '\u3164', '\\u{3164}'],
    ['Braille blank', '\u2800', '\\u{2800}'],
    ['no-break space', '\u00a0', '\\u{a0}'],
    ['line separator', '\u2028', '\\u{2028}'],
    ['line break', '\n', '\\u{a}'],
    ['escape', '\u001b[2J', '\\u{1b}[2J'],
    ['null', '\0', '\\u{0}'],
    ['lone surrogate', '\ud800', '\\u{d800}'],
    ['private use', '\ue000', '\\u{e000}'],
    ['plain', 'Straße 日本 😀', 'Straße 日本 😀'],
  ] as const) {
    assert.equal(inert(text), shown, what)
  }
})

test('a tower of combining marks keeps three', () => {
  const tower = inert(`a${'\u0301'.repeat(100)}`)
  assert.equal(tower.replaceAll('\\u{301}', ''), 'a\u0301\u0301\u0301')
})

test('nothing unseen is left of any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      assert.doesNotMatch(inert(text), unseen)
    }),
    { numRuns: 2_000 },
  )
})

test('numbers keep the digits that they came with', () => {
  const tree = parseJson(utf8('{"a":9007199254740993,"b":[1.0,-0,1e5],"c":{},"d":[],"e":null}'))
  const { text, cut } = draw(tree, 1_000)
  assert.equal(cut, false)
  assert.equal(
    text,
    '{\n  "a": 9007199254740993,\n  "b": [\n    1.0,\n    -0,\n    1e5\n  ],\n  "c": {},\n  "d": [],\n  "e": null\n}',
  )
})

test('what is drawn in full reads back as the same tree, escapes aside', () => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: true, maxDepth: 4 }), (value) => {
      const said = JSON.stringify(value)
      // The one key that the reader refuses.
      fc.pre(!said.includes('__proto__'))
      const tree = parseJson(utf8(said), {
        bytes: 1e6,
        depth: 64,
        values: 1e6,
        keys: 'exact',
      })
      const { text, cut } = draw(tree, 1e6)
      assert.equal(cut, false)
      if (!text.includes('\\u{'))
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)))
    }),
  )
})

test('however large, no more than the room is drawn, and that it was cut is said', () => {
  const trees: Json[] = ['x'.repeat(1e6), Array(1e5).fill(1), { ['k'.repeat(1e6)]: 1 }]
  trees.push(
    { a: '\u202e'.repeat(1e6) },
    Array.from({ length: 1e5 }, () => ({})),
  )
  for (const tree of trees) {
    const { text, cut } = draw(tree, 500)
    assert.ok(text.length <= 500)
    assert.equal(cut, true)
  }
  const surrogates = draw('😀'.repeat(1_000), 502)
  assert.ok(surrogates.text.isWellFormed())
})
