// Holds the tests of dividing Cedar text, and of the promise that nothing that passes overruns the library.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { MAX_DEPTH } from './depth.ts'
import { BILLING } from './fixture.test.ts'
import { withCedar, libraryGeneration } from './library.ts'
import { compilePolicySet } from './load.ts'
import { fromByteOffset, pieces, placeAt } from './source.ts'

test('pieces are the text without the blanks and comments between them', () => {
  const text = ' // a; b\n@x("; \\" ;")\npermit;\r\n\n  forbid // ;\n (";");tail // end'
  assert.deepEqual(
    [...pieces(text)].map(({ text: part, line, start }) => [
      part,
      line,
      text.indexOf(part) === start,
    ]),
    [
      ['@x("; \\" ;")\npermit;', 2, true],
      ['forbid // ;\n (";");', 5, true],
      ['tail', 6, true],
    ],
  )
  assert.deepEqual([...pieces(' // nothing')], [])
})

test('any text at all: pieces stand where they say, in order, and end at a semicolon', () => {
  const soup = fc.array(
    fc.oneof(
      fc.constantFrom(
        'permit',
        '(',
        ')',
        '"',
        '\\',
        ';',
        '//',
        '\n',
        '\r',
        ' ',
        '{',
        '}',
        '?',
        'ü',
        '@id("a")',
        '&&',
        ',',
      ),
      fc.string({ maxLength: 3 }),
    ),
  )
  fc.assert(
    fc.property(soup, (parts) => {
      const text = parts.join('')
      let end = 0
      const all = [...pieces(text)]
      for (const [at, piece] of all.entries()) {
        assert.equal(text.slice(piece.start, piece.start + piece.text.length), piece.text)
        assert.ok(piece.start >= end)
        end = piece.start + piece.text.length
        assert.equal(piece.line, placeAt(text, piece.start).line)
        if (at < all.length - 1) assert.ok(piece.text.endsWith(';'))
      }
    }),
  )
})

test('places count characters and not bytes', () => {
  assert.deepEqual(placeAt('a\nü😀x', 5), { line: 2, column: 3 })
  assert.equal(fromByteOffset('ü😀x', 6), 3)
})

test('many brackets and long chains are judged in one pass', () => {
  const long = `permit(principal, action, resource) when { ${'(a || '.repeat(500_000)} };`
  const [piece] = [...pieces(long)]
  assert.ok(piece!.depth > MAX_DEPTH)
  const wide = `permit(principal, action, resource) when { [${'1, '.repeat(100_000)}1].contains(1) };`
  assert.ok([...pieces(wide)][0]!.depth < 40)
})

interface Expression {
  readonly text: string
}

/** Expressions grown from the inside by operators of every kind, some of them hundreds of times. */
const expressions = fc
  .array(
    fc.tuple(
      fc.constantFrom<[string, string]>(
        ['(', ')'],
        ['!(', ')'],
        ['[', '].contains(1)'],
        ['{a: ', '}.a'],
        ['if ', ' then true else false'],
        ['if true then true else ', ''],
        ['true && ', ''],
        ['', ' || true'],
        ['1 + ', ''],
        ['', ' * 2'],
        ['', ' == 1'],
        ['', '.a'],
        ['-', ''],
        ['[1].contains(', ')'],
        ['', ' has a.b.c'],
        ['', ' like "a*"'],
        ['', ' is Person in Role::"x"'],
      ),
      fc.integer({ min: 1, max: 60 }),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((layers): Expression => {
    let text = 'context.now'
    for (const [[left, right], times] of layers)
      text = left.repeat(times) + text + right.repeat(times)
    return { text }
  })

test('no policy traps the library on its way through reading, validation and evaluation', () => {
  const generation = libraryGeneration()
  let through = 0
  fc.assert(
    fc.property(expressions, ({ text }) => {
      const policy = `@id("a") permit (principal, action, resource) when { ${text} };`
      compilePolicySet({ sources: [{ file: 'a', text: policy }], systems: [BILLING] })
      const [piece] = [...pieces(policy)]
      if (piece!.depth > MAX_DEPTH) return
      const staticPolicies = { a: policy }
      const uid = (type: string) => ({ type, id: 'x' })
      const call = {
        principal: uid('Person'),
        action: uid('Action'),
        resource: uid('System'),
        context: { now: 1 },
        entities: [],
        policies: { staticPolicies },
      }
      withCedar((cedar) => cedar.isAuthorized(call))
      withCedar((cedar) => cedar.isAuthorizedPartial(call))
      through++
    }),
    { numRuns: 500 },
  )
  assert.equal(libraryGeneration(), generation, 'the library was never loaded anew')
  assert.ok(through > 20, `${through} got through`)
})
