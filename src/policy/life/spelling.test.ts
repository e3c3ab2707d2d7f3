// Holds tests of what people are told who spelt something wrong: the name that is near, or what there is, and nothing that is far.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { BILLING } from '../fixture.test.ts'
import { compilePolicySet, type PolicySource } from '../load.ts'
import { nearest, type Problem } from '../problem.ts'

const SYSTEMS = [BILLING]

function problems(...texts: readonly string[]): readonly Problem[] {
  const sources = texts.map((text, at): PolicySource => ({ file: `${at}.cedar`, text }))
  const result = compilePolicySet({ sources, systems: SYSTEMS })
  return result.ok ? [] : result.problems
}

const about = (action: string) => `@id("a") permit (principal, action ${action}, resource);`
const when = (condition: string) =>
  `@id("a") permit (principal, action, resource) when { ${condition} };`

test('an action is told by the name that is near, and where none is by what there is', () => {
  for (const [text, help] of [
    ['== Action::"billing/create_refnd"', /^did you mean `Action::"billing\/create_refund"`\?$/],
    ['== Action::"billing/createRefund"', /^did you mean `Action::"billing\/create_refund"`\?$/],
    ['== Action::"biling/create_refund"', /^did you mean `Action::"billing\/create_refund"`\?$/],
    [
      '== Action::"bilings/create-refund"',
      /^no system `bilings` is pinned; did you mean `billing`\?$/,
    ],
    ['in Action::"system:biling"', /^did you mean `Action::"system:billing"`\?$/],
    ['in Action::"effect:reads"', /^did you mean `Action::"effect:read"`\?$/],
    ['in Action::"effect:everything"', /^effects are: read, write/],
    [
      '== Action::"elsewhere/delete_everything"',
      /^no system `elsewhere` is pinned: bailiwick system ls$/,
    ],
    ['in Action::"system:elsewhere"', /^no system `elsewhere` is pinned: bailiwick system ls$/],
    ['== Action::"billing/none_of_these"', /^actions of `billing` are: .*create_refund/],
    ['== Action::"nothing"', /^actions are `system\/action`/],
  ] as const) {
    const [problem, ...more] = problems(about(text))
    assert.deepEqual(more, [])
    assert.match(problem?.help ?? '', help, text)
  }
})

test('a word of the grammar, a function, a method: the one that was meant, or what Cedar has in its place', () => {
  for (const [text, help] of [
    ['@id("a") permt (principal, action, resource);', 'did you mean `permit`?'],
    ['@id("a") permit (principle, action, resource);', 'did you mean `principal`?'],
    ['@id("a") permit (principal, action, resource) wen { true };', 'did you mean `when`?'],
    [when('contxt.effects.isEmpty()'), 'did you mean `context`?'],
    [when('context haz user'), 'did you mean `has`?'],
    [when('context.effects.contain("read")'), 'did you mean `contains`?'],
    [when('context.effects.length() > 1'), 'sets and texts have no length here'],
    [when('context.now.startsWith("2")'), 'write `… like "beginning*"`'],
    [when('decmial("1.0") == decimal("1.0")'), 'did you mean `decimal`?'],
  ] as const) {
    assert.ok(problems(text)[0]?.help?.startsWith(help), `${text}: ${problems(text)[0]?.help}`)
  }
})

test('problems stand as their files do, the same every time', () => {
  const wrong = (id: string) =>
    `@id("${id}") permit (principal, action == Action::"no/${id}", resource);`
  const texts = [
    `${wrong('z')}\n${wrong('y')} ${wrong('x')}`,
    `${wrong('b')}\n@id("c") permt (principal, action, resource);\n${wrong('a')}`,
  ]
  const places = problems(...texts).map(({ file, line, column }) => `${file}:${line}:${column}`)
  assert.deepEqual(places, [
    '0.cedar:1:39',
    '0.cedar:2:39',
    '0.cedar:2:104',
    '1.cedar:1:39',
    '1.cedar:2:10',
    '1.cedar:3:39',
  ])
  assert.deepEqual(problems(...texts), problems(...texts))
})

/** Levenshtein distance as it is defined. */
function edits(a: string, b: string): number {
  if (a === '' || b === '') return a.length + b.length
  const rest = edits(a.slice(1), b.slice(1))
  if (a[0] === b[0]) return rest
  return 1 + Math.min(rest, edits(a.slice(1), b), edits(a, b.slice(1)))
}

test('law: what is near is at most two edits away, and what is that near is found', () => {
  const name = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), minLength: 1, maxLength: 6 })
  fc.assert(
    fc.property(name, fc.uniqueArray(name, { maxLength: 4 }), (typed, names) => {
      const found = nearest(typed, names)
      const least = Math.min(...names.map((one) => edits(typed, one)), 9)
      if (least > (typed.length <= 3 ? 1 : 2)) assert.equal(found, undefined)
      else assert.equal(edits(typed, found!), least)
    }),
    { numRuns: 300 },
  )
})

test('ten thousand long names that differ in little are looked at without delay', () => {
  const names = Array.from({ length: 10_000 }, (_, at) => `${'a'.repeat(110)}${at + 10_000}xyz`)
  const from = process.cpuUsage()
  assert.equal(nearest(`${'a'.repeat(110)}99999999`, names), undefined)
  assert.ok(process.cpuUsage(from).user < 5_000_000)
})
