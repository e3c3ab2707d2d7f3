// Holds the official MCP conformance suites through a whole Bailiwick: whatever passes directly passes governed, in both eras.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { McpEra } from '../../src/wire/system.ts'
import { ConformanceWorld, counted, lost, SUITES } from '../fakes/mcp-conformance.ts'

let world: ConformanceWorld

before(async () => {
  world = await ConformanceWorld.start()
})

after(() => world[Symbol.asyncDispose]())

/** Checks that the suite of an era makes of a server that has everything: fewer would mean that it was hardly run. */
const AT_LEAST: Readonly<Record<McpEra, number>> = { '2025-11-25': 40, '2026-07-28': 140 }

for (const era of Object.keys(SUITES) as McpEra[]) {
  test(`MCP ${era}, conformance suite: what passes directly passes governed`, async () => {
    const compared = await world.compare(era)
    const failed = [...compared.direct].filter(([, status]) => status === 'FAILURE')
    assert.deepEqual(failed, [], 'the server of the test fails nothing')
    const { passed } = counted(compared.direct)
    assert.ok(passed >= AT_LEAST[era], `only ${passed} checks passed`)
    assert.deepEqual(lost(compared), [])
  })
}
