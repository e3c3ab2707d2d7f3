// Holds the tests of JSON as answers write it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '../../std/bytes.ts'
import { parseJson } from '../../std/json.ts'
import { lineJson, prettyJson } from './json.ts'

test('numbers keep the text that they were read as', () => {
  const text = '{"a":9007199254740993,"b":1.0,"c":[1e5,-0.10],"d":{}}'
  assert.equal(lineJson(parseJson(utf8(text))), text)
})

test('several lines are indented by two, empty parts stay closed', () => {
  assert.equal(
    prettyJson({ a: [1, { b: null }], c: [], d: {}, e: undefined }),
    '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ],\n  "c": [],\n  "d": {}\n}',
  )
})

test('hidden characters are JSON escapes, beyond the first plane as a pair', () => {
  const value = { 'k\u202e': 'a\u200b\u{e0041}\\u{e0041}' }
  const text = lineJson(value)
  assert.equal(text, '{"k\\u202e":"a\\u200b\\udb40\\udc41\\\\u{e0041}"}')
  assert.deepEqual(JSON.parse(text), value)
})
