// Holds the tour as a user runs it: the command of the README, its document, and the home that it leaves behind.

import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { verifyLog } from '../../src/server/verify.ts'
import { Bailiwick } from './bailiwick.ts'
import { Child } from './child.ts'

interface TourDocument {
  readonly ok: boolean
  readonly steps: readonly {
    readonly name: string
    readonly expected: string
    readonly observed: string
    readonly ok: boolean
  }[]
}

const STEPS = [
  'identified',
  'listed',
  'tasked',
  'allowed',
  'denied',
  'held',
  'cut',
  'refused',
  'verified',
]

test('the tour tells one JSON document in which every step held, and keeps its home', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-tour-test-'))
  try {
    const kept = join(folder, 'kept')
    const words = ['run', '--silent', 'tour', '--', '-o', 'json', '--keep', kept]
    await using child = new Child(words, { HOME: folder }, 'npm')
    const { code, stdout, stderr } = await child.ended
    assert.equal(code, 0, stderr + stdout)
    const document = JSON.parse(stdout) as TourDocument
    assert.deepEqual(Object.keys(document), ['ok', 'steps'])
    assert.equal(document.ok, true)
    assert.deepEqual(
      document.steps.map((step) => [step.name, step.ok]),
      STEPS.map((name) => [name, true]),
    )
    for (const step of document.steps) {
      assert.deepEqual(Object.keys(step), ['name', 'expected', 'observed', 'ok'])
      assert.ok(step.expected !== '' && step.observed !== '')
    }
    const [shard = ''] = readdirSync(join(kept, 'log'))
    assert.match(
      readFileSync(join(kept, 'log', shard, 'checkpoint'), 'utf8'),
      new RegExp(`\\.bailiwick\\.internal/log/${shard}\n`),
    )
    assert.ok(statSync(join(kept, 'log', shard, 'tile')).isDirectory())
    const vkey = readFileSync(join(kept, 'log.vkey'), 'utf8').trim()
    const report = await verifyLog({ directory: join(kept, 'log'), vkey })
    assert.equal(report.ok, true, JSON.stringify(report.findings))
    assert.ok(report.records > 0)
    await servedAgain(kept, report.records)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

/** The kept home is a whole one, with its rows in itself: a server starts on it, knows what it knew, and goes on with the same log. */
async function servedAgain(home: string, records: number): Promise<void> {
  await using again = await Bailiwick.start({ DATABASE_URL: '' }, home)
  const status = await again.status()
  // The two of the demonstration, and the web.
  assert.deepEqual([status.agents, status.systems, status.locks], [1, 3, 1])
  assert.equal(status.policies?.applied_by, 'operator')
  const report = await again.verify()
  assert.equal(report.ok, true, JSON.stringify(report.findings))
  assert.ok(report.records > records)
  assert.equal(report.boots.length, 2)
}

test('a folder that is there already is not kept into, and nothing is run for it', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-tour-test-'))
  try {
    const words = ['run', '--silent', 'tour', '--', '-o', 'json', '--keep', folder]
    await using child = new Child(words, { HOME: folder }, 'npm')
    const { code, stdout, stderr } = await child.ended
    assert.equal(code, 2)
    assert.equal(stdout, '')
    const told = JSON.parse(stderr) as { error: { code: string; next: string } }
    assert.equal(told.error.code, 'cli.usage')
    assert.ok(!existsSync(join(folder, 'log')))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
