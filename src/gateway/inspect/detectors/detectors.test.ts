// Holds tests of the detectors of personal data: what each finds, what it leaves alone, and that time grows with length alone.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { freshEffort } from '../effort.ts'
import type { Span } from '../span.ts'
import { card, luhn } from './card.ts'
import type { Detector } from './detector.ts'
import { email } from './email.ts'
import { iban } from './iban.ts'
import { nationalId } from './national-id.ts'
import { phone } from './phone.ts'

function found(detector: Detector, text: string): string[] {
  const spans: Span[] = []
  detector.find(text, spans, freshEffort())
  return spans.map(({ from, to }) => text.slice(from, to))
}

const ALL = [email, phone, iban, card, nationalId]

const FOUND: readonly (readonly [Detector, string, readonly string[]])[] = [
  [
    email,
    'to bob.smith+x@corp.example, or <ann@mail.corp.example>.',
    ['bob.smith+x@corp.example', 'ann@mail.corp.example'],
  ],
  [email, 'jürgen@bücher.example mailto:x@y.org', ['jürgen@bücher.example', 'x@y.org']],
  [
    phone,
    '+49 30 901820; +1 (415) 555-2671; +33-1-42-68-53-00',
    ['+49 30 901820', '+1 (415) 555-2671', '+33-1-42-68-53-00'],
  ],
  [
    iban,
    'DE89 3704 0044 0532 0130 00, GB82WEST12345698765432',
    ['DE89 3704 0044 0532 0130 00', 'GB82WEST12345698765432'],
  ],
  [
    card,
    '4111 1111 1111 1111, 378282246310005, 5555-5555-5555-4444',
    ['4111 1111 1111 1111', '378282246310005', '5555-5555-5555-4444'],
  ],
  [nationalId, 'US 536-90-4399 ES 12345678Z X1234567L', ['536-90-4399', '12345678Z', 'X1234567L']],
  [nationalId, 'IT RSSMRA85T10A562S', ['RSSMRA85T10A562S']],
  [nationalId, 'BR 529.982.247-25', ['529.982.247-25']],
]

for (const [detector, text, expected] of FOUND) {
  test(`${detector.kind} is found in ${text}`, () => {
    assert.deepEqual(found(detector, text).sort(), [...expected].sort())
  })
}

test('a French number is found by its key alone', () => {
  const number = '1841276451089'
  const key = String(97n - (BigInt(number) % 97n)).padStart(2, '0')
  assert.deepEqual(found(nationalId, `NIR ${number}${key}`), [`${number}${key}`])
  const wrong = String((Number(key) % 97) + 1).padStart(2, '0')
  assert.deepEqual(found(nationalId, `NIR ${number}${wrong}`), [])
})

/** What agents read every day, and nobody is in. */
const BENIGN = [
  'git@github.com:owner/repo.git and user@host, @scope/package@1.2.3, logo@2x.png, a@b',
  'https://user@host.example:8080/x ssh deploy@build:~/x decorators: @Input() name; @media (min-width: 10px)',
  '2024-11-22T10:00:00+01:00 +0000 +1 +12 C++11 a+44 1+4930901820 diff +1234567 +1 234 567',
  '127.0.0.1 10.0.0.255:8443 v1.2.3-rc.4 1.234.567,89 0x4111111111111111 1e21',
  'commit 4b825dc642cb6eb9a060e54bf8d69288fbee4904 sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  'id 550e8400-e29b-41d4-a716-446655440000, 1700000000000, 1700000000, 4111111111111112, 9007199254740993',
  'order 123-45-67890, part 12-3456-789, 000-12-3456, 666-12-3456, 536-00-4399, 536-90-0000, ISBN 978-3-16-148410-0',
  'DE89 is a prefix; GB00WEST12345698765432; AB12CD34; USA2024; FIFO64 BITS; DE00370400440532013000',
  '12345678A 1.2.3.4-5 529.982.247-26 111.111.111-11 RSSMRA85T10A562T ABCDEF12A34B567C',
]

test('nothing is found where there is nothing', () => {
  for (const text of BENIGN) {
    for (const detector of ALL) assert.deepEqual(found(detector, text), [], detector.kind)
  }
})

test('every number with a check digit is a card only where a network issues it', () => {
  const digit = fc.integer({ min: 0, max: 9 })
  fc.assert(
    fc.property(fc.array(digit, { minLength: 11, maxLength: 11 }), (rest) => {
      const body = `4539${rest.join('')}`
      const last = Array.from('0123456789').find((one) => luhn(body + one))!
      assert.deepEqual(found(card, `n ${body}${last}.`), [`${body}${last}`])
      assert.deepEqual(found(card, `n ${body}${(Number(last) + 1) % 10}.`), [])
      assert.deepEqual(found(card, `n 1${body.slice(1)}${last}.`), [])
    }),
  )
})

test('spans lie in the text, whatever the text is', () => {
  const unit = fc.constantFrom(
    '@',
    '+',
    '.',
    '-',
    ' ',
    '1',
    '4',
    '9',
    'a',
    'D',
    'E',
    '8',
    'ä',
    '(',
    '/',
    ':',
    '\u{1f600}',
  )
  fc.assert(
    fc.property(fc.string({ unit, maxLength: 300 }), (text) => {
      for (const detector of ALL) {
        const spans: Span[] = []
        detector.find(text, spans, freshEffort())
        for (const { from, to } of spans) assert.ok(from >= 0 && from < to && to <= text.length)
      }
    }),
  )
})
