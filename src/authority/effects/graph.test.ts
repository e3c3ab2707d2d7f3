// Holds the tests of the graph of what actions set off: the naive closure as the oracle.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { systemNamed } from '../../../test/fakes/authority.ts'
import { EFFECTS, type Effect } from '../../wire/effect.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import { EffectGraph } from './graph.ts'

function system(
  actions: Readonly<Record<string, readonly [Effect[], string[]]>>,
): SystemDefinition {
  const made = Object.entries(actions).map(([name, [effects, triggers]]): ActionDefinition => ({
    name,
    inputSchema: {},
    effects,
    digest: `sha256:${name}`,
    triggers,
  }))
  return { ...systemNamed('s'), actions: made }
}

const NAMES = ['a', 'b', 'c', 'd', 'e']
const id = (name: string): string => `s/${name}`
const pinned = fc
  .tuple(
    ...NAMES.map(() =>
      fc.tuple(
        fc.subarray<Effect>([...EFFECTS]),
        fc.subarray([...NAMES, 'gone']).map((names) => names.map(id)),
      ),
    ),
  )
  .map((each) => system(Object.fromEntries(NAMES.map((name, at) => [name, each[at]!]))))
const edges = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom(...NAMES)), {
  maxLength: 4,
})

/** Everything that can be reached, by going on until nothing is new. */
function naive(from: string, all: readonly (readonly [string, string])[]): string[] {
  let found = new Set([from])
  for (;;) {
    const more = new Set([...found, ...all.flatMap(([a, b]) => (found.has(a) ? [b] : []))])
    if (more.size === found.size) break
    found = more
  }
  found.delete(from)
  return [...found].sort()
}

test('the closure is the naive closure, cycles and all, and what is not known counts as every effect', () => {
  fc.assert(
    fc.property(pinned, edges, (definition, learned) => {
      const graph = new EffectGraph()
      graph.put([definition])
      for (const [from, to] of learned) graph.learn(id(from), id(to))
      const all = [
        ...definition.actions.flatMap(({ name, triggers = [] }) =>
          triggers.map((to) => [id(name), to] as const),
        ),
        ...learned.map(([from, to]) => [id(from), id(to)] as const),
      ]
      const labels = new Map(definition.actions.map(({ name, effects }) => [id(name), effects]))
      for (const name of NAMES) {
        const { triggers, triggered } = graph.of(id(name))
        assert.deepEqual(triggers, naive(id(name), all))
        const expected = triggers.flatMap((one) => {
          const own = labels.get(one) ?? []
          return own.length === 0 ? [...EFFECTS] : own
        })
        assert.deepEqual(
          triggered,
          EFFECTS.filter((label) => expected.includes(label)),
        )
        assert.equal(graph.of(id(name)), graph.of(id(name)), 'asked twice, computed once')
      }
    }),
  )
})

test('what is learned and unlearned is seen at once, and what was declared stays', () => {
  const graph = new EffectGraph()
  graph.put([system({ a: [['read'], []], b: [['write'], [id('c')]], c: [['spend'], []] })])
  assert.deepEqual(graph.of(id('a')).triggers, [])
  graph.learn(id('a'), id('b'))
  assert.deepEqual(graph.of(id('a')), {
    triggers: [id('b'), id('c')],
    triggered: ['write', 'spend'],
  })
  graph.unlearn(id('b'), id('c'))
  graph.unlearn(id('a'), id('b'))
  assert.deepEqual(graph.of(id('a')).triggers, [])
  assert.deepEqual(graph.of(id('b')).triggers, [id('c')])
  graph.put([])
  assert.deepEqual(graph.of(id('b')), { triggers: [], triggered: [] })
})
