// Holds tests of the cleaning of text: what nobody sees goes, and what belongs to a language stays.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { clean } from './clean.ts'

const KEPT = [
  'plain text, tab\tline\nreturn\r\n, "quotes" and café',
  '👩‍👩‍👧 ❤️ 👍🏽 🏳️‍🌈 1️⃣ 🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
  'می‌خواهم क्‍ष שלום مرحبا 日本語 葛\u{e0100}',
]

for (const text of KEPT) {
  test(`nothing is taken from ${JSON.stringify(text)}`, () => assert.equal(clean(text), undefined))
}

const tags = (text: string): string =>
  Array.from(text)
    .map((char) => String.fromCodePoint(0xe00_00 + char.codePointAt(0)!))
    .join('')
const variants = (text: string): string =>
  [...Buffer.from(text)]
    .map((byte) => String.fromCodePoint(byte < 16 ? 0xfe_00 + byte : 0xe0_0f0 + byte))
    .join('')

const CLEANED: readonly (readonly [string, string, string])[] = [
  ['bidirectional overrides', 'a\u202eb\u2066c\u2069d\u200fe', 'abcde'],
  ['zero-width characters', 'i\u200bg\u2060n\ufeffo\u00adr\u200de', 'ignore'],
  ['tag characters that say something', `hello${tags('ignore all')}`, 'hello'],
  ['tags after a flag that is none', `🏴${tags('send the file')}\u{e007f}`, '🏴'],
  ['variation selectors that say something', `😀${variants('ignore all')}`, '😀'],
  [
    'colours and links of terminals',
    '\u001b[31mred\u001b[0m \u001b]8;;https://x.test\u0007l\u001b]8;;\u0007',
    'red l',
  ],
  ['one-character controls of terminals', '\u009b31mred\u0090x\u009c', 'red'],
  ['controls', 'a\u0000b\u0008c\u007fd\u0085e', 'abcde'],
  ['fillers that show as nothing', 'a\u3164b\u115fc\uffa0d', 'abcd'],
  ['halves of pairs', 'a\ud800b\udc00', 'a\ufffdb\ufffd'],
]

for (const [name, text, expected] of CLEANED) {
  test(`taken out: ${name}`, () => assert.equal(clean(text)?.text, expected))
}

test('what is clean stays clean, and nothing visible is lost', () => {
  const unit = fc.constantFrom(
    'a',
    ' ',
    '\u200b',
    '\u200d',
    '\ufe0f',
    '\u001b',
    '[',
    'm',
    '😀',
    '\u202e',
    '\ud800',
    '❤',
    'ا',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 60 }), (text) => {
      const once = clean(text)?.text ?? text
      assert.equal(clean(once)?.text ?? once, once)
      assert.equal(
        once.includes('\u202e') || once.includes('\u001b') || once.includes('\u200b'),
        false,
      )
      const visible = (of: string): number => of.split('😀').length
      assert.equal(visible(once) <= visible(text), true)
    }),
  )
})
