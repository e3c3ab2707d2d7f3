// Holds the end-to-end tests that every run tries on PostgreSQL as well; `npm run test:postgres` tries all of them.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { ROOT } from '../../scripts/source/tree.ts'

/** What grants, what takes away, what is kept secret, what goes over the wire, and what is erased. */
const FILES = [
  'test/e2e/lock.test.ts',
  'test/e2e/credentials.test.ts',
  'test/e2e/wire.test.ts',
  'src/authority/erasure/erasures.test.ts',
  'src/audit/side/payloads.test.ts',
]

for (const file of FILES) {
  test(`on PostgreSQL: ${file}`, async () => {
    // Without the runner's own word, the child would speak its protocol instead of saying what failed.
    const { NODE_TEST_CONTEXT: _, ...environment } = process.env
    const args = [
      '--test',
      '--test-force-exit',
      '--test-concurrency=1',
      '--test-reporter=tap',
      file,
    ]
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...environment, BAILIWICK_TEST_STORE: 'postgres' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text))
    const [code] = (await once(child, 'close')) as [number | null]
    assert.equal(code, 0, said)
    assert.match(said, /^# pass [1-9]/m)
    assert.match(said, /^# skipped 0$/m)
  })
}
