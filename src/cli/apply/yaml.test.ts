// Holds the tests of reading YAML: places, and everything that is refused because it expands, merges or constructs.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '../../std/fault.ts'
import { DocumentFault } from './faults.ts'
import { yamlText } from './text.ts'
import { readYaml, type Tree } from './yaml.ts'

function troubles(text: string): string[] {
  try {
    readYaml({ file: 'a.yaml', text })
  } catch (error) {
    assert.ok(error instanceof DocumentFault, String(error))
    return error.problems.map(({ line, column, message }) => `${line}:${column} ${message}`)
  }
  return []
}

test('documents come with the line that they begin on, and any path of them with its place', () => {
  const text = '# words\n---\nkind: agent\nroles:\n  - a\n  - role: b\n---\n---\nkind: team\n'
  const [first, second, ...none] = readYaml({ file: 'a.yaml', text })
  assert.deepEqual(none, [])
  assert.deepEqual([first?.line, second?.line], [3, 9])
  const at = (path: PropertyKey[]) => {
    const { file, line, column } = first!.trouble(path, 'm')
    return [file, line, column]
  }
  assert.deepEqual(at(['roles', 1, 'role']), ['a.yaml', 6, 5])
  assert.deepEqual(at(['roles', 7, 'x']), ['a.yaml', 4, 1])
  assert.deepEqual(at([]), ['a.yaml', 3, 1])
  assert.deepEqual(readYaml({ file: 'a.yaml', text: '' }), [])
  assert.deepEqual(readYaml({ file: 'a.yaml', text: '# nothing\n' }), [])
})

test('what expands, merges, constructs or stands twice is refused where it stands', () => {
  for (const [text, said] of [
    ['a: &x 1\n', /^1:\d+ anchors are not taken/],
    ['a: 1\nb: *x\n', /2:4 .*alias/i],
    ['a: !!binary aGk=\n', /tags are not taken|tag/],
    ['a: !<tag:x> 1\n', /tag/],
    ['%YAML 1.1\n---\na: yes\n', /directives are not taken/],
    ['%TAG ! tag:x,2000:\n---\na: 1\n', /directives are not taken/],
    ['a: 1\nb: 2\na: 3\n', /^3:1 `a` stands twice/],
    ['? [a]\n: 1\n', /named by plain text/],
    ['1: 2\n', /named by plain text/],
    ['a: .inf\n', /no plain value/],
    ['a: [1\n', /./],
    ['a: {b: {c: {d: {e: {f: {g: {h: {i: 1}}}}}}}}\n', /nested too deeply/],
  ] as const) {
    const [first = 'nothing'] = troubles(text)
    assert.match(first, said, text)
  }
})

test('a bomb of anchors, a deep nest and a heap of keys end quickly and in words', () => {
  const levels = Array.from({ length: 30 }, (_, at) => {
    const of =
      at === 0
        ? 'lol'
        : Array(9)
            .fill(`*l${at - 1}`)
            .join(', ')
    return `l${at}: &l${at} [${of}]`
  })
  assert.match(troubles(levels.join('\n'))[0]!, /not taken/)
  for (const text of ['['.repeat(100_000), '- '.repeat(100_000), '{a: '.repeat(50_000)]) {
    assert.throws(
      () => readYaml({ file: 'a.yaml', text }),
      (error) => error instanceof Fault && error.code.startsWith('apply.'),
    )
  }
  const keys = Array.from({ length: 20_000 }, (_, at) => `k${at}: 1`).join('\n')
  assert.equal(readYaml({ file: 'a.yaml', text: keys }).length, 1)
})

test('`__proto__` is a key like any other, and reaches nothing', () => {
  const [document] = readYaml({ file: 'a.yaml', text: '__proto__:\n  kind: agent\n' })
  const tree = document?.tree as Record<string, Tree>
  assert.deepEqual(Object.keys(tree), ['__proto__'])
  assert.equal(tree['kind'], undefined)
  assert.equal(Object.getPrototypeOf(tree), null)
})

const leaf = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: 'binary', maxLength: 10 }).filter((text) => text.isWellFormed()),
  fc.constantFrom('yes', 'null', '1e3', '- a', 'a: b', ' a', '#', '2026-01-01', '~', 'a\u202eb'),
  fc.integer({ min: -1e9, max: 1e9 }),
  fc.boolean(),
  fc.constant(null),
)
/** Names as documents have them, those that a reader takes for something else, and any that a person may invent. */
const name = fc.oneof(
  fc.stringMatching(/^[a-z]{1,8}$/),
  fc.constantFrom('null', 'true', 'y', 'on', '1', 'a: b', '#a', ' a'),
  fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '__proto__'),
)
const flat = fc.dictionary(name, leaf, { maxKeys: 4, minKeys: 1 })
const member = fc.oneof(leaf, fc.array(fc.oneof(leaf, flat), { maxLength: 3 }), flat)
const document = fc.dictionary(name, member, { minKeys: 1 })

test('what is written is read back as it was, and shows nothing that a screen would act on', () => {
  fc.assert(
    fc.property(fc.array(document, { minLength: 1, maxLength: 3 }), (documents) => {
      const text = yamlText(documents as Tree[])
      const read = readYaml({ file: 'a.yaml', text }).map(({ tree }) => tree)
      assert.deepEqual(JSON.parse(JSON.stringify(read)), JSON.parse(JSON.stringify(documents)))
      assert.doesNotMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]/u)
    }),
  )
})
