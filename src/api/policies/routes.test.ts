// Holds tests of policies over the API: applied whole, compared, or refused with every line that is wrong.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { PoliciesAnswer, PolicyApplied, PolicySchemaAnswer } from '../../wire/api/policy.ts'
import { withCedar } from '../../policy/library.ts'
import { Problem } from '../../wire/api/problem.ts'
import { ControlHome } from '../../../test/fakes/control.ts'

let home: ControlHome
before(async () => {
  home = await ControlHome.open()
})
after(() => home.close())

const permit = '@id("all")\npermit (principal, action, resource);\n'
const gated =
  '@id("ask")\n@gate("finance")\n@reason("money moves")\nforbid (principal, action, resource);\n'

function apply(texts: Readonly<Record<string, string>>, dry_run = false) {
  const sources = Object.entries(texts).map(([file, text]) => ({ file, text }))
  return { body: { sources, dry_run, reason: 'because of a test' } }
}

test('before anything is applied there is nothing in force', async () => {
  const none = await home.read('GET', '/v1/policies')
  assert.deepEqual(PoliciesAnswer.parse(none), none)
  assert.deepEqual(none, {
    digest: null,
    applied_at: null,
    applied_by: null,
    sources: [],
    policies: [],
    problems: [],
    isolated: [],
  })
})

test('a dry run compares and changes nothing; applying does', async () => {
  const dry = await home.read('POST', '/v1/policies', apply({ 'a.cedar': permit }, true))
  assert.deepEqual(PolicyApplied.parse(dry), dry)
  assert.equal(dry['applied'], false)
  assert.deepEqual(dry['added'], ['all'])
  assert.equal((await home.read('GET', '/v1/policies'))['digest'], null)
  const done = await home.read(
    'POST',
    '/v1/policies',
    apply({ 'a.cedar': permit, 'money/b.cedar': gated }),
  )
  assert.deepEqual([done['applied'], done['added']], [true, ['all', 'ask']])
  const now = await home.read('GET', '/v1/policies')
  assert.deepEqual(PoliciesAnswer.parse(now), now)
  assert.equal(now['digest'], done['digest'])
  assert.equal(now['applied_by'], 'ada')
  assert.deepEqual((now['policies'] as unknown[])[1], {
    id: 'ask',
    effect: 'forbid',
    gate: 'finance',
    reason: 'money moves',
    file: 'money/b.cedar',
  })
  const next = await home.read('POST', '/v1/policies', apply({ 'a.cedar': permit }, true))
  assert.deepEqual(next['removed'], ['ask'])
})

test('an invalid set is refused with the place of every problem, and the last good one stays', async () => {
  const before = await home.read('GET', '/v1/policies')
  const bad = { 'a.cedar': permit, 'b.cedar': `${permit}permit (principal, action resource);` }
  const told = Problem.parse(await home.read('POST', '/v1/policies', apply(bad), 422))
  assert.equal(told.code, 'policy.invalid')
  assert.ok((told.problems ?? []).length >= 2)
  assert.deepEqual(
    told.problems?.map(({ file, line }) => `${file}:${line}`),
    ['b.cedar:1', 'b.cedar:3'],
  )
  assert.deepEqual(await home.read('GET', '/v1/policies'), before)
})

test('the schema that policies are held against is to be had, by the library itself valid', async () => {
  const answer = await home.read('GET', '/v1/policies/schema')
  const schema = PolicySchemaAnswer.parse(answer)
  assert.deepEqual(schema, answer)
  const held = withCedar((cedar) =>
    cedar.checkParseSchema({ '': schema } as unknown as Parameters<
      typeof cedar.checkParseSchema
    >[0]),
  )
  assert.equal(held.type, 'success')
  const actions = Object.entries(schema.actions)
  assert.ok(
    actions.some(([id]) => id === 'effect:read'),
    Object.keys(schema.actions).join(),
  )
  assert.ok('Instance' in schema.entityTypes)
})

test('a file name that leaves the folder is refused', async () => {
  for (const file of [
    '../a.cedar',
    '/a.cedar',
    'a/../b.cedar',
    '.hidden.cedar',
    'a.txt',
    'a b.cedar',
  ]) {
    const told = Problem.parse(
      await home.read('POST', '/v1/policies', apply({ [file]: permit }), 400),
    )
    assert.equal(told.errors?.[0]?.path, 'body.sources.0.file', file)
  }
})
