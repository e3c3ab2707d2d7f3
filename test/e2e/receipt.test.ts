// Holds receipts end to end: an agent keeps one, and anybody verifies with it that the log kept its promise.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bailiwick, testServer } from './bailiwick.ts'
import { connect } from './client.ts'

const KEY = 'dev.bailiwick/receipt'

test('INV-7 an agent that asks has evidence which is not on our disk, and the log answers to it', async () => {
  await using bailiwick = await Bailiwick.start()
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(
    `@id("workers") @without("task") permit (principal in Role::"worker", action == Action::"probe/echo", resource);`,
  )
  await bailiwick.agent('worker-1', ['worker'])
  const holder = await bailiwick.enrol('worker-1')
  const file = join(bailiwick.home, 'receipt.json')
  for (const era of ['2025-11-25', '2026-07-28'] as const) {
    const client = await connect(bailiwick, holder, 'probe', { era })
    const call = { name: 'echo', arguments: { text: 'a' } }
    const plain = await client.callTool(call)
    assert.equal(plain._meta?.[KEY], undefined)
    const result = await client.callTool({ ...call, _meta: { [KEY]: true } })
    const receipt = result._meta?.[KEY] as { record: { id: string }; note: string }
    writeFileSync(file, JSON.stringify(receipt))
    const verified = await bailiwick.cli(['audit', 'verify', '--no-pin', '--receipt', file])
    assert.equal(verified.code, 0, verified.stderr)
    assert.match(verified.stdout, new RegExp(`receipt +${receipt.record.id} is in the log`))
    const forged = { ...receipt, record: { ...receipt.record, iseq: 1 } }
    writeFileSync(file, JSON.stringify(forged))
    const refused = await bailiwick.cli(['audit', 'verify', '--no-pin', '--receipt', file])
    assert.match(refused.stderr, /audit\.receipt/)
    assert.notEqual(refused.code, 0)
  }
})
