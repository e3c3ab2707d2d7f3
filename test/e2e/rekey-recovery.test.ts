// Holds what a rekey leaves to those who had an identity: each shows anew what it is, and goes on at once.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { InstancesAnswer } from '../../src/wire/api/instance.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { MAIN } from './child.ts'
import { refused, textOf } from './client.ts'
import { until } from './until.ts'

const POLICY = `@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`

let bailiwick: Bailiwick
let mcp: Client

before(async () => {
  bailiwick = await Bailiwick.start()
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(POLICY)
  await bailiwick.agent('worker', ['worker'])
  mcp = new Client({ name: 'test-client', version: '1' })
  const args = [MAIN, '--home', bailiwick.home, 'mcp', 'probe', '--as', 'worker']
  await mcp.connect(new StdioClientTransport({ command: process.execPath, args, stderr: 'ignore' }))
  bailiwick.onEnd(() => mcp.close())
})

after(() => bailiwick[Symbol.asyncDispose]())

async function live(): Promise<readonly string[]> {
  const { instances } = await bailiwick.control.get('/v1/instances', InstancesAnswer)
  return instances.map(({ id }) => id)
}

const echo = (text: string) => mcp.callTool({ name: 'echo', arguments: { text } })

test('a bridge that a rekey took the identity of goes on as another instance, and one that a person revoked does not', async () => {
  assert.equal(textOf(await echo('before')), 'before')
  const [first] = await live()
  const words = ['authority', 'rekey', '--compromised', '--yes', '--reason', 'is tested']
  const rekeyed = await bailiwick.cli(words)
  assert.equal(rekeyed.code, 0, rekeyed.stderr)
  await until('its ending to be recorded', async () => {
    const records = await bailiwick.records('instance.revoked')
    return records.some(({ record }) => record.instance === first)
  })
  assert.equal(textOf(await echo('after')), 'after')
  const [second, ...more] = await live()
  assert.deepEqual(more, [])
  assert.notEqual(second, first)
  const revoked = await bailiwick.cli(['instance', 'revoke', second!, '--reason', 'is tested'])
  assert.equal(revoked.code, 0, revoked.stderr)
  assert.equal((await refused(echo('still here'))).code, 'bridge.revoked')
  assert.deepEqual(await live(), [])
})
