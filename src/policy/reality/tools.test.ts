// Holds the tests of reading lists of tools.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { utf8 } from '../../std/bytes.ts'
import { parseJson } from '../../std/json.ts'
import { actionsOfTools } from './tools.ts'

function read(document: object) {
  return actionsOfTools(parseJson(utf8(JSON.stringify(document))))
}

const schema = { type: 'object', properties: {} }

test('tools become actions of their own names, with what is said of their effects as a hint', () => {
  const { actions, problems } = read({
    tools: [
      { name: 'Read', inputSchema: schema, effects: ['read'], description: 'reads' },
      { name: 'Bash', inputSchema: schema, effects: ['read', 'sudo', 7] },
      { name: 'Ask', inputSchema: schema },
    ],
  })
  assert.deepEqual(problems, [])
  assert.deepEqual(
    actions.map(({ name, effects }) => [name, effects]),
    [
      ['Ask', []],
      ['Bash', ['read']],
      ['Read', ['read']],
    ],
  )
})

test('what cannot be a tool is told by its place, and names that collide are none', () => {
  const { actions, problems } = read({
    tools: [
      { name: 'a b', inputSchema: schema },
      { name: 'Read' },
      { name: 'Read', inputSchema: schema },
      { name: 'read', inputSchema: schema },
      null,
    ],
  })
  assert.deepEqual(
    actions.map(({ name }) => name),
    ['Read'],
  )
  assert.deepEqual(
    problems.map(({ path }) => path),
    ['/tools/0', '/tools/1', '/tools/3', '/tools/4'],
  )
})

test('whatever a document says, it is read, and every name is one that policies can hold', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = JSON.stringify({ tools: value })
      if (/__proto__|\\ud[89a-f]/i.test(text)) return
      const { actions } = actionsOfTools(JSON.parse(text) as never)
      for (const { name } of actions) assert.match(name, /^[A-Za-z0-9_.-]{1,128}$/)
    }),
  )
})
