// Holds the tests of the reach of an agent: everything that it may call, and nothing that it may not, with what bounds it.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { systemNamed } from '../../test/fakes/authority.ts'
import type { SystemDefinition } from '../wire/system.ts'
import { compilePolicySet } from './load.ts'
import { reachOf, type Way } from './reach.ts'

const FILES: SystemDefinition = {
  ...systemNamed('files'),
  actions: ['read_file', 'move_file', 'drop_file', 'other'].map((name) => ({
    name,
    inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
    effects: name === 'read_file' ? ['read'] : ['write'],
    digest: `sha256:${name}`,
    ...(name === 'read_file' && { labels: ['pii'] }),
  })),
}

const TEXT = `
@id("agents-read")
permit (principal in Role::"guide", action == Action::"files/read_file", resource);
@id("agents-move")
permit (principal in Role::"guide", action == Action::"files/move_file", resource)
when { context.input.path like "/tmp/*" };
@id("agents-drop")
permit (principal in Role::"guide", action == Action::"files/drop_file", resource);
@id("people")
permit (principal is Person, action, resource) unless { context.input.path like "/etc/*" };
@id("tasks")
@gate("finance")
forbid (principal is Instance, action == Action::"files/drop_file", resource);
`

function set() {
  const compiled = compilePolicySet({
    sources: [{ file: 'a.cedar', text: TEXT }],
    systems: [FILES],
  })
  assert.ok(compiled.ok, JSON.stringify(compiled.ok ? '' : compiled.problems))
  return compiled.set
}

const task = {
  id: 't',
  intent: 'test',
  person: 'p',
  scope: [{ action: '*' }],
  budget: {},
  endsAt: 2_000_000_000_000,
  scopeDigest: 'sha256:all',
}

function way(roles: string[], scopes: string[][] = []): Way {
  const agent = { instance: 'any', name: 'a', roles }
  return { subject: { agent, person: { id: 'p', roles: [] }, task }, scopes }
}

const environments = { agent: 'default', system: 'default' }
const setOff = (_: string, action: string) =>
  action === 'read_file'
    ? { triggers: ['crm/sync'], triggered: ['write'] as const }
    : { triggers: [], triggered: [] }

test('what may be called is within reach, with its policies, gates, conditions and what it sets off', () => {
  const reached = reachOf({ set: set(), ways: [way(['guide'])], environments, setOff }, FILES)
  const people = {
    policy: 'people',
    effect: 'permit',
    kind: 'unless',
    text: 'context.input.path like "/etc/*"',
  }
  assert.deepEqual(
    reached.map(({ action, permits, gates }) => [action, permits, gates]),
    [
      ['read_file', ['agents-read'], []],
      ['move_file', ['agents-move'], []],
      ['drop_file', ['agents-drop'], [{ name: 'finance', policy: 'tasks', always: true }]],
    ],
  )
  const [read, move] = reached
  assert.deepEqual(read?.labels, ['pii'])
  assert.deepEqual(read?.triggers, ['crm/sync'])
  assert.deepEqual(read?.triggered, ['write'])
  // The person's own permit asks something of the arguments as well.
  assert.deepEqual(read?.bounds, [people])
  assert.deepEqual(
    move?.bounds.map(({ policy }) => policy),
    ['people', 'agents-move'],
  )
})

test('only the ways that lead to an action are named, and a scope that does not cover it leads nowhere', () => {
  const ways = [way([]), way(['guide'], [['files/move_file']]), way(['guide'])]
  const reached = reachOf({ set: set(), ways, environments, setOff }, FILES)
  assert.deepEqual(
    reached.map(({ action, ways: by }) => [action, by]),
    [
      ['read_file', [2]],
      ['move_file', [1, 2]],
      ['drop_file', [2]],
    ],
  )
  assert.deepEqual(reachOf({ set: set(), ways: [], environments, setOff }, FILES), [])
})
