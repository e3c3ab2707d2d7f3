// Holds the tests of the actions of database tables.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { inputType } from '../type.ts'
import { actionsOfTables } from './tables.ts'

const USERS = {
  name: 'users',
  schema: 'public',
  columns: [
    { name: 'id', type: 'BIGINT', generated: true },
    { name: 'email', type: 'character varying(80)' },
    { name: 'balance', type: 'numeric(10,2)', default: '0' },
    { name: 'tags', type: 'text[]', nullable: true },
    { name: 'shape', type: 'geometry', nullable: true },
  ],
}

test('a table has four actions with its columns typed, and what they hint at', () => {
  const { actions, problems } = actionsOfTables({ tables: [USERS] })
  assert.deepEqual(
    actions.map(({ name, effects }) => [name, effects]),
    [
      ['public.users.delete', ['write', 'destructive']],
      ['public.users.insert', ['write']],
      ['public.users.select', ['read']],
      ['public.users.update', ['write']],
    ],
  )
  assert.deepEqual(problems, [
    { path: '/tables/0/columns/4', message: 'its type is not known: no policy can speak of it' },
  ])
  const { type, leftOut } = inputType(actions[1]!.inputSchema)
  const values = type.attributes.get('values')!.type
  assert.ok(values.kind === 'record')
  assert.deepEqual(
    [...values.attributes].map(([name, { type: of, required }]) => [name, of.kind, required]),
    [
      ['id', 'long', false],
      ['email', 'string', true],
      ['balance', 'decimal', false],
      ['tags', 'set', false],
    ],
  )
  assert.deepEqual(
    leftOut.map(({ path }) => path),
    ['/values/shape'],
  )
})

test('two tables of one name, and columns that only look different, become no action', () => {
  const columns = [{ name: 'a', type: 'text' }]
  const twice = actionsOfTables({
    tables: [
      { name: 't', columns },
      { name: 't', columns },
    ],
  })
  assert.equal(twice.actions.length, 4)
  assert.equal(twice.problems.length, 1)
  const cased = actionsOfTables({
    tables: [
      { name: 'Users', columns },
      { name: 'users', columns },
    ],
  })
  assert.equal(new Set(cased.actions.map(({ name }) => name.toLowerCase())).size, 8)
  const odd = [
    { name: 'a', type: 'text' },
    { name: 'A', type: 'text' },
  ]
  assert.deepEqual(actionsOfTables({ tables: [{ name: 't', columns: odd }] }).actions, [])
})

test('whatever a catalogue says, it is read', () => {
  const type = fc.oneof(
    fc.string(),
    fc.constantFrom('int', 'int[][]', 'varchar( 3 )', 'numeric(1,2)', '[]'),
  )
  const column = fc.record(
    { name: fc.string(), type, nullable: fc.boolean() },
    { requiredKeys: [] },
  )
  const table = fc.oneof(
    fc.jsonValue(),
    fc.record({ name: fc.string(), columns: fc.array(column, { maxLength: 3 }) }),
  )
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), fc.record({ tables: fc.array(table) })), (catalog) => {
      const { actions } = actionsOfTables(JSON.parse(JSON.stringify(catalog)) as never)
      for (const { name, inputSchema } of actions) {
        assert.match(name, /^[A-Za-z0-9_.-]{1,128}$/)
        inputType(inputSchema)
      }
    }),
  )
})
