// Holds the tests of text made visible: nothing that a terminal would obey or hide gets through.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { countHidden, visible, visibleJson, visibleLines } from './visible.ts'

test('terminal sequences, direction marks and blanks that are no space are shown as escapes', () => {
  for (const [text, shown] of [
    ['\u001b[2J\u001b[1;31mgone', '\\u001b[2J\\u001b[1;31mgone'],
    ['\u009b31m', '\\u009b31m'],
    ['rm \u202etxt.exe', 'rm \\u202etxt.exe'],
    ['\u2066a\u2069', '\\u2066a\\u2069'],
    ['a\u200bb\ufeff', 'a\\u200bb\\ufeff'],
    ['tag\u{e0041}', 'tag\\u{e0041}'],
    ['a\u00a0b', 'a\\u00a0b'],
    ['\u3164', '\\u3164'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['line\r\nline', 'line\\u000d\\u000aline'],
    ['\u0007\u0008\u007f', '\\u0007\\u0008\\u007f'],
    ['\ud800', '\\ud800'],
    ['grüße 日本 – ok €', 'grüße 日本 – ok €'],
  ] as const) {
    assert.equal(visible(text), shown)
  }
})

test('texts of several lines keep line feeds and tabs, and nothing else', () => {
  assert.equal(visibleLines('a\n\tb\r\u001b[1m'), 'a\n\tb\\u000d\\u001b[1m')
})

test('whatever was said, no control and no format character reaches the terminal', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      assert.doesNotMatch(visible(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u)
      assert.equal(countHidden(visible(text)), 0)
    }),
  )
})

test('JSON made visible is the same JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const shown = visibleJson(JSON.stringify([text]))
      assert.deepEqual(JSON.parse(shown), [text])
      assert.doesNotMatch(shown, /[\p{Cf}\u007f-\u009f]/u)
    }),
  )
})
