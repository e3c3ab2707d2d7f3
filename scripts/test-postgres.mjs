// Holds the tests on PostgreSQL: the store's and the log's own, and every end-to-end test with its homes' rows there. Nightly, half an hour.

import { spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bringPrograms } from './programs.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')

/** Beside the end-to-end tests: what stands on rows, and the attacks that run a whole Bailiwick. */
const PATTERNS = [
  'src/store/**/*.test.ts',
  'src/audit/postgres/*.test.ts',
  'src/audit/side/*.test.ts',
  'src/authority/erasure/*.test.ts',
  'src/server/migrate.test.ts',
  'test/attacks/{log-database,privacy,gateway,mcp-front,pins,authzen,district}.test.ts',
  'test/e2e/*.test.ts',
]
/** Documents, what starts these same tests on PostgreSQL, and backups of rows and log that are in a home: in PostgreSQL both are its own. */
const ELSEWHERE = /(?:docs|docs-run|both-stores|backup)\.test\.ts$/

bringPrograms()
const wanted = process.argv.slice(2)
const patterns = wanted.length === 0 ? PATTERNS : wanted
const files = globSync(patterns, { cwd: ROOT }).filter((file) => !ELSEWHERE.test(file))
const failed = []
// One file after the other: each has a PostgreSQL of its own.
for (const file of files.toSorted()) {
  const { status } = spawnSync(
    process.execPath,
    ['--test', '--test-force-exit', '--test-concurrency=1', '--test-timeout=300000', file],
    {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, BAILIWICK_TEST_STORE: 'postgres' },
    },
  )
  if (status !== 0) failed.push(file)
}
if (files.length === 0) failed.push('no file was found')
process.stdout.write(`${files.length} files on PostgreSQL, ${failed.length} failed\n`)
for (const file of failed) process.stdout.write(`✖ ${file}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
