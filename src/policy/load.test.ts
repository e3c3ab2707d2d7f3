// Holds the tests of loading: every problem with its place, bounds, the digest, and a library that outlives bad policies.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BILLING, compiled, FINANCE_GATE, request, system } from './fixture.test.ts'
import { compilePolicySet, MAX_SET_BYTES } from './load.ts'
import type { Problem } from './problem.ts'

function problems(text: string, systems = [BILLING]): readonly Problem[] {
  const result = compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems })
  return result.ok ? [] : result.problems
}

function only(text: string): Problem {
  const [problem, ...more] = problems(text)
  assert.ok(problem, 'no problem')
  assert.deepEqual(more, [])
  return problem
}

const P = 'permit (principal, action, resource);'
const REFUND = 'action == Action::"billing/create_refund"'

test('each problem is told with file, line and column', () => {
  const rows: [string, Partial<Problem>][] = [
    [`\n  ${P}`, { code: 'policy.missing_id', line: 2, column: 3 }],
    [`@id("a") ${P}\n@id("a") ${P}`, { code: 'policy.duplicate_id', line: 2, column: 1 }],
    [`@id("b c") ${P}`, { code: 'policy.bad_annotation', line: 1, column: 1 }],
    [`@id("аpple") ${P}`, { code: 'policy.bad_annotation' }],
    [`@id ${P}`, { code: 'policy.bad_annotation' }],
    [`@id("a")\n  @gate("x") ${P}`, { code: 'policy.gate_on_permit', line: 2, column: 3 }],
    [
      `@id("a") @gate("X Y") forbid (principal, action, resource);`,
      { code: 'policy.bad_annotation' },
    ],
    [`@id("a") @reason("x\\u{202e}y") ${P}`, { code: 'policy.bad_annotation' }],
    [`@id("a") @reason("") ${P}`, { code: 'policy.bad_annotation' }],
    [
      `@id("a") @raeson("x") ${P}`,
      { code: 'policy.unknown_annotation', column: 10, help: 'did you mean `@reason`?' },
    ],
    [
      `@id("a") @owner("x") ${P}`,
      {
        code: 'policy.unknown_annotation',
        help: 'policies carry @id, @reason, @gate, @crosses, @without, @advice, @enforce, @find, @redact, @refuse, @links, @max_bytes, @label, @keep, @keep_days',
      },
    ],
    [
      `@id("a") permit (principal == ?principal, action, resource);`,
      { code: 'policy.template', column: 31 },
    ],
    [
      `@id("ü€") // ё\npermit (principal, action, resource) when { contxt.x == 1 };`,
      { code: 'policy.syntax', line: 2, column: 45 },
    ],
    [`@id("a") permit (principal, action, resource)`, { code: 'policy.syntax' }],
    [`@id("a") ${P} trailing`, { code: 'policy.syntax', column: 56 }],
    [
      `@id("a") permit (principal, action, resource) when { "unterminated };`,
      { code: 'policy.syntax' },
    ],
    [`@id("a")@id("b") ${P}`, { code: 'policy.syntax' }],
    [
      `@id("a")\npermit (principal, ${REFUND}, resource)\nwhen { context.input.amount_cent > 1 };`,
      { code: 'policy.invalid', line: 3, column: 8, help: 'did you mean `amount_cents`?' },
    ],
    [
      `@id("a") permit (principal, action == Action::"billing/create_refnd", resource);`,
      { code: 'policy.invalid', help: 'did you mean `Action::"billing/create_refund"`?' },
    ],
    [
      `@id("a") permit (principal, ${REFUND}, resource) when { context.input.note == "x" };`,
      { code: 'policy.invalid' },
    ],
    [
      `@id("a") permit (principal, ${REFUND}, resource) when { context.input.amount_cents == "x" };`,
      { code: 'policy.invalid' },
    ],
    [
      `@id("a") permit (principal in Rolle::"x", action, resource);`,
      { code: 'policy.invalid', help: 'did you mean `Role`?' },
    ],
  ]
  for (const [text, expected] of rows) {
    const problem = only(text)
    assert.equal(problem.file, 'a.cedar')
    for (const [key, value] of Object.entries(expected)) {
      assert.equal(
        problem[key as keyof Problem],
        value,
        `${key} of ${text}: ${JSON.stringify(problem)}`,
      )
    }
    assert.doesNotMatch(problem.message, /\.$|\n|for policy|policy from string/)
  }
})

test('a letter that only looks like another is named', () => {
  const text = `@id("a") permit (principal, action == Action::"billing/creаte_refund", resource);`
  assert.match(only(text).help ?? '', /did you mean `.*`\? it is written with U\+0430$/)
})

test('all problems of all files are told at once, and not without end', () => {
  const result = compilePolicySet({
    sources: [
      { file: 'a.cedar', text: P },
      { file: 'b.cedar', text: `@id("x") ${P} @id("y") permit (nobody);` },
      { file: 'c.cedar', text: `@id("x") ${P}` },
    ],
    systems: [],
  })
  assert.ok(!result.ok)
  assert.deepEqual(
    result.problems.map(({ file, code }) => `${file} ${code}`),
    ['a.cedar policy.missing_id', 'b.cedar policy.syntax', 'c.cedar policy.duplicate_id'],
  )
  assert.equal(problems(`${P}\n`.repeat(1000)).length, 100)
})

test('what is doubtful and not wrong is a warning', () => {
  const text = `@id("a") permit (principal, ${REFUND}, resource) when { 1 == 2 };`
  const result = compilePolicySet({ sources: [{ file: 'a.cedar', text }], systems: [BILLING] })
  assert.ok(result.ok)
  assert.equal(result.warnings[0]?.code, 'policy.advice')
  assert.match(result.warnings[0]?.message ?? '', /policy is impossible/)
})

test('semicolons in strings and comments divide nothing', () => {
  const set = compiled(`// one; two
    @id("a") @reason("x; \\"y\\"; // z") permit (principal, action, resource); // ; permit`)
  assert.deepEqual([...set.policies.keys()], ['a'])
  assert.equal(set.policies.get('a')?.line, 2)
})

test('ten megabytes are refused without being read', () => {
  const problem = only(`@id("a") ${P}`.repeat(250_000))
  assert.equal(problem.code, 'policy.too_large')
  assert.equal(problems('é'.repeat(MAX_SET_BYTES / 2 + 1))[0]?.code, 'policy.too_large')
  const brackets = `@id("a") permit (principal, action, resource) when {${'('.repeat(4_000_000)}`
  assert.equal(only(brackets).code, 'policy.too_deep')
})

test('policies that would overrun the library are refused, and it goes on deciding', () => {
  const head = 'permit (principal, action, resource) when { '
  const n = 300
  const shapes: string[] = [
    `${'('.repeat(n)}true${')'.repeat(n)}`,
    `${'['.repeat(n)}1${']'.repeat(n)} == [1]`,
    `${'{a:'.repeat(n)}1${'}'.repeat(n)} == {}`,
    `true${' && true'.repeat(n)}`,
    `true${' || true'.repeat(n)}`,
    `1${' + 1'.repeat(n)} == 2`,
    `1${' * 1'.repeat(n)} == 2`,
    `1${' - 1'.repeat(n)} == 2`,
    `context${'.a'.repeat(n)} == 1`,
    `context${'["a"]'.repeat(n)} == 1`,
    `context has a${'.a'.repeat(n)}`,
    `${'if true then true else '.repeat(n)}true`,
    `${'!'.repeat(n)}true`,
    `${'-'.repeat(n)}1 == 1`,
    `${'!('.repeat(n)}true${')'.repeat(n)}`,
    `${'[1].contains('.repeat(n)}1${')'.repeat(n)}`,
    `${'(true && '.repeat(n)}true${')'.repeat(n)}`,
    `[${'('.repeat(n)}1${')'.repeat(n)}, 2].contains(1)`,
    `true }${' when { true }'.repeat(n)} when { true`,
    `A${'::A'.repeat(n)}::"x" == principal`,
  ]
  for (const shape of shapes) {
    assert.equal(only(`@id("a") ${head}${shape} };`).code, 'policy.too_deep', shape.slice(0, 60))
  }
  assert.equal(compiled(`@id("a") ${P}`).decide(request()).answer, 'allow')
})

test('what is just below the bound of depth goes all the way through', () => {
  const b = 24
  const shapes = [
    `${'('.repeat(b)}true${')'.repeat(b)}`,
    `${'['.repeat(b)}1${']'.repeat(b)} == ${'['.repeat(b)}1${']'.repeat(b)}`,
    `${'!('.repeat(b)}true${')'.repeat(b)}`,
    `${'(true && '.repeat(b)}true${')'.repeat(b)}`,
    `true${' && true'.repeat(140)}`,
    `context.effects.contains("a")${' || context.effects.contains("a")'.repeat(140)}`,
    `1${' + 1'.repeat(140)} == 141`,
  ]
  for (const shape of shapes) {
    const set = compiled(`@id("a") permit (principal, action, resource) when { ${shape} };`)
    assert.ok(['allow', 'deny'].includes(set.decide(request()).answer))
    assert.ok(set.mayCall(request()) || shape.includes('effects'))
    assert.equal(set.decide(request()).parties[0]?.errors.length, 0)
  }
})

test('the digest is of files and schema, and of nothing else', () => {
  const text = FINANCE_GATE
  assert.equal(compiled(text).digest, compiled(text).digest)
  assert.notEqual(compiled(text).digest, compiled(`${text} `).digest)
  assert.notEqual(compiled(text).digest, compiled(text, [BILLING, system('x', {})]).digest)
  assert.match(compiled(text).digest, /^sha256:[A-Za-z0-9_-]{43}$/)
})

test('systems whose names could be taken for another are refused', () => {
  for (const name of ['a/b', 'system:x', '', 'A', 'ünder', 'a b', '__proto__']) {
    assert.equal(problems('', [system(name, {})])[0]?.code, 'policy.bad_system', name)
  }
  assert.equal(problems('', [BILLING, BILLING])[0]?.code, 'policy.bad_system')
})

test('an action may be named anything that its server calls it', () => {
  const names = ['constructor', '__cedar', 'a/b', 'ü "q" \\ \n', '*', 'x'.repeat(300)]
  const odd = system(
    'odd',
    Object.fromEntries(names.map((name) => [name, { input: { type: 'object' } }])),
  )
  for (const name of names) {
    const set = compiled(
      `@id("a") permit (principal, action == Action::${JSON.stringify(`odd/${name}`)}, resource);`,
      [odd],
    )
    const call = (action: string) =>
      set.decide(request({ system: 'odd', action, effects: ['read'], input: {} })).answer
    assert.equal(call(name), 'allow', name)
    for (const other of names) if (other !== name) assert.equal(call(other), 'deny')
  }
})
