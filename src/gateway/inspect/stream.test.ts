// Holds tests of bodies that come in pieces: what passes is what would have passed whole, wherever they are cut, and to the byte where nothing is taken out.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  inspectionOf,
  pieces,
  SECRET,
  seen,
  streamed,
  type Opened,
} from '../../../test/fakes/inspection.ts'
import { CUT } from './span.ts'

const sizes = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 })
const filler = 'Ordinary words — with ünïcode, 日本語 and 😀 in them; and {"json": [1, 2]}.\n'
const personal: Opened = {
  obligations: { redact: ['email', 'phone', 'iban', 'card', 'national-id'] },
}

test('text without anything in it passes to the byte, however it is cut', () => {
  const body = Buffer.from(filler.repeat(300))
  fc.assert(
    fc.property(sizes, (cuts) => {
      for (const type of [
        'text/plain; charset=utf-8',
        'text/html',
        'application/octet-stream',
        undefined,
      ]) {
        const { passed, code } = streamed(pieces(body, cuts), type, personal)
        assert.equal(code, undefined)
        assert.ok(passed.equals(body), type)
      }
    }),
    { numRuns: 20 },
  )
})

test('INV-3 a secret is cut out wherever it stands and however it is cut', () => {
  const words = fc.constantFrom(
    SECRET,
    Buffer.from(SECRET).toString('base64'),
    encodeURIComponent(SECRET),
    'ann@corp.example',
    '4111 1111 1111 1111',
    filler,
    filler.repeat(90),
    'a\u200bb',
  )
  fc.assert(
    fc.property(fc.array(words, { maxLength: 12 }), sizes, (parts, cuts) => {
      const text = parts.join(' ')
      const { passed } = streamed(pieces(Buffer.from(text), cuts), 'text/plain', personal)
      assert.equal(passed.toString(), seen(text, personal))
    }),
    { numRuns: 60 },
  )
})

test('JSON passes to the byte where nothing is cut, whatever its spelling', () => {
  const body = `\n{ "a\\u0062" : [1.50, -2e3, true,null , "\\/x\\ud83d\\ude00 \\"q\\" \\\\"],"d":"${'y'.repeat(70_000)}" }\n`
  fc.assert(
    fc.property(sizes, (cuts) => {
      const { passed, code } = streamed(pieces(Buffer.from(body), cuts), 'application/json')
      assert.equal(code, undefined)
      assert.equal(passed.toString(), body)
    }),
    { numRuns: 20 },
  )
})

test('INV-3 JSON stays JSON, and holds no secret however it is spelled', () => {
  const spelled = (text: string, every: number): string =>
    Array.from(text)
      .map((char, at) =>
        at % every === 0
          ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
          : JSON.stringify(char).slice(1, -1),
      )
      .join('')
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5 }), fc.jsonValue(), sizes, (every, other, cuts) => {
      const body = `{"other":${JSON.stringify(other)},"s${spelled(SECRET, every)}":["x${spelled(SECRET, every)}y",123456789]}`
      const opened = { secrets: [SECRET, '123456789'] }
      const { passed } = streamed(
        pieces(Buffer.from(body), cuts),
        'application/vnd.api+json',
        opened,
      )
      const read = JSON.parse(passed.toString()) as Record<string, unknown>
      assert.deepEqual(read[`s${CUT}`], [`x${CUT}y`, CUT])
    }),
    { numRuns: 60 },
  )
})

test('a string of JSON that is too long to be held is passed on in parts', () => {
  const long = 'word \\" '.repeat(400_000)
  const body = Buffer.from(
    `{"a":"${long}${JSON.stringify(SECRET).slice(1, -1)} end","b":"${SECRET.slice(0, 7)}"}`,
  )
  const { passed } = streamed(pieces(body, [65_536]), 'application/json')
  const read = JSON.parse(passed.toString()) as { a: string; b: string }
  assert.equal(read.a, `${'word " '.repeat(400_000)}${CUT} end`)
})

test('lines of JSON pass as they end', () => {
  const stream = inspectionOf().stream('application/x-ndjson', { maxBytes: 1e6 })
  assert.equal(stream.push(Buffer.from('{"n":1}\n{"n":')).toString(), '{"n":1}\n{"n":')
  assert.equal(stream.push(Buffer.from(`${JSON.stringify(SECRET)}}\n`)).toString(), `"${CUT}"}\n`)
  assert.equal(stream.end().toString(), '')
})

test('what is named JSON and is none is looked at as text', () => {
  const { passed } = streamed([Buffer.from(`)]}',\n{"a":${SECRET}`)], 'application/json')
  assert.equal(passed.toString(), `)]}',\n{"a":${CUT}`)
})

test('events pass when they end, and to the byte where nothing is cut', () => {
  const body =
    ': hello\n\nevent: a\ndata: {"x":1}\ndata:  two\nid: 7\n\r\ndata: crlf\r\n\r\nretry: 10\r\rdata\n\n'
  fc.assert(
    fc.property(sizes, (cuts) => {
      const { passed } = streamed(pieces(Buffer.from(body), cuts), 'text/event-stream')
      assert.equal(passed.toString(), body)
    }),
    { numRuns: 30 },
  )
  const stream = inspectionOf().stream('text/event-stream', { maxBytes: 1e6 })
  assert.equal(stream.push(Buffer.from('data: a\n\ndata: b')).toString(), 'data: a\n\n')
  assert.equal(stream.push(Buffer.from('c\n\n')).toString(), 'data: bc\n\n')
})

test('INV-3 a token without an end is cut to its end, and not held for ever', () => {
  const stream = inspectionOf().stream('text/plain', { maxBytes: 1e9 })
  const parts = [
    `a _authToken=${'b'.repeat(1_000)}`,
    ...Array.from({ length: 30 }, () => 'c'.repeat(16_384)),
    'c z',
  ]
  const passed = parts.map((part) => stream.push(Buffer.from(part)).toString())
  assert.ok(passed.join('').length > 0, 'it passed before the end')
  assert.equal(passed.join('') + stream.end().toString(), `a ${CUT} z`)
})

test('INV-3 an event keeps its frame when something is cut out of it', () => {
  const said = JSON.stringify({ jsonrpc: '2.0', result: { text: SECRET } })
  const body = `event: message\r\ndata: ${said.slice(0, 17)}\r\ndata: ${said.slice(17)}\r\nid: 1\r\n\r\ndata: next\r\n\r\n`
  const { passed } = streamed(pieces(Buffer.from(body), [3]), 'text/event-stream')
  const [first = '', second] = passed.toString().split('\n\n')
  const data = first
    .split('\n')
    .filter((line) => line.startsWith('data: '))
    .map((line) => line.slice(6))
  assert.equal(JSON.parse(data.join('\n')).result.text, CUT)
  assert.ok(first.startsWith('event: message\n'))
  assert.ok(first.includes('id: 1'))
  assert.equal(second, 'data: next\r\n\r\n')
})

test('bytes pass to the byte, and secrets in them are overwritten', () => {
  const body = Buffer.alloc(200_000, 7)
  const { passed } = streamed(pieces(body, [777, 65_536]), 'application/zip-compressed')
  assert.ok(passed.equals(body))
  body.write(SECRET, 65_530, 'latin1')
  const cut = streamed(pieces(body, [65_536]), 'application/zip-compressed').passed
  assert.equal(cut.length, body.length)
  assert.equal(cut.includes(SECRET), false)
  assert.equal(cut.subarray(65_530, 65_530 + SECRET.length).toString(), 'x'.repeat(SECRET.length))
})

test('a body that nobody named is text until it cannot be', () => {
  const body = Buffer.concat([
    Buffer.from(filler),
    Buffer.from([0, 1, 2, 255]),
    Buffer.from(`\u200b${SECRET}`),
  ])
  const { passed, code } = streamed(pieces(body, [50]), undefined)
  assert.equal(code, undefined)
  assert.equal(passed.length, body.length)
  assert.equal(passed.includes(SECRET), false)
  assert.equal(passed.subarray(0, 60).equals(body.subarray(0, 60)), true)
})

const REFUSED: readonly (readonly [string, Buffer, string, Opened, string])[] = [
  ['text that is no UTF-8', Buffer.from([65, 255, 66]), 'text/plain', {}, 'inspect.bad_type'],
  [
    'text that ends within a character',
    Buffer.from([65, 0xe2, 0x82]),
    'application/json',
    {},
    'inspect.bad_type',
  ],
  [
    'text of another encoding',
    Buffer.from('x'),
    'text/plain; charset=utf-16',
    {},
    'inspect.bad_type',
  ],
  ['an image that is a page', Buffer.from('<html>'), 'image/png', {}, 'inspect.bad_type'],
  [
    'what policy refuses',
    Buffer.from('to ann@corp.example'),
    'text/plain',
    { obligations: { refuse: ['email'] } },
    'inspect.refused',
  ],
  [
    'what is larger than policy allows',
    Buffer.alloc(2000, 65),
    'text/plain',
    { obligations: { maxBytes: 1999 } },
    'inspect.too_large',
  ],
]

for (const [name, body, type, opened, expected] of REFUSED) {
  test(`refused: ${name}`, () => {
    const { passed, code } = streamed([body], type, opened)
    assert.equal(code, expected)
    assert.equal(passed.length, 0)
  })
}

test('nothing passes after a refusal', () => {
  const stream = inspectionOf({ obligations: { refuse: ['email'] } }).stream('text/event-stream', {
    maxBytes: 1e6,
  })
  assert.ok(stream.push(Buffer.from('data: fine\n\n')).length > 0)
  assert.equal(stream.push(Buffer.from('data: ann@corp.example\n\ndata: x\n\n')).length, 0)
  assert.equal(stream.denial?.code, 'inspect.refused')
  assert.equal(stream.push(Buffer.from('data: fine\n\n')).length, 0)
  assert.equal(stream.end().length, 0)
})

test('what a stream did is counted once, however it is cut', () => {
  const inspection = inspectionOf()
  const stream = inspection.stream('text/plain', { maxBytes: 1e6 })
  for (const chunk of pieces(Buffer.from(`${filler.repeat(50)}${SECRET} `.repeat(5)), [100]))
    stream.push(chunk)
  stream.end()
  assert.deepEqual(inspection.passed().facts, { inspected: { own: 5 } })
})
