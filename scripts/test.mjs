// Holds the test command: every check of the house in order, up to the first that fails; the runner's summary comes last.
// With CI=true nothing may be skipped. Runs after set-up, on Node 24.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bringPrograms, fail } from './programs.mjs'

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..')
const BIN = join(ROOT, 'node_modules', '.bin')
const CI = process.env['CI'] === 'true'

/** The quiet checks, quickest first: they speak only when they fail. */
const CHECKS = [
  ['types', 'tsc', ['-p', 'tsconfig.json']],
  ['types of the console', 'tsc', ['-p', 'console/tsconfig.json']],
  ['lint', 'oxlint', ['--type-aware', 'src', 'test', 'bench', 'scripts', 'console']],
  ['format', 'prettier', ['--check', '--log-level=warn', '.']],
  ['dead code', 'knip', ['--no-progress']],
  ['generated pages', 'node', ['scripts/docs.ts', '--check']],
]

/** One test that takes longer hangs (ms). The longest kill processes in rounds. */
const TEST_MS_MAX = 300_000

function check([name, program, args]) {
  const start = performance.now()
  const { status, error, stdout, stderr } = spawnSync(join(BIN, program), args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${BIN}:${process.env['PATH']}` },
  })
  const seconds = ((performance.now() - start) / 1_000).toFixed(1)
  if (status === 0) {
    process.stdout.write(`✔ ${name} (${seconds} s)\n`)
    return
  }
  process.stdout.write(`✖ ${name} (${seconds} s)\n`)
  process.stderr.write(
    `${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : error.message}\n`,
  )
  fail(
    `${name} failed, so nothing after it ran`,
    `\`npx ${program} ${args.join(' ')}\` runs this check alone`,
  )
}

/** A count of the runner's summary, from its TAP report. */
function countOf(report, what) {
  const found = new RegExp(`^# ${what} (\\d+)$`, 'm').exec(report)
  return found === null ? 0 : Number(found[1])
}

/** Runs every test. The summary of the runner is the last thing on standard output. */
function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-tests-'))
  try {
    const report = join(folder, 'report.tap')
    const { status, signal } = spawnSync(
      process.execPath,
      [
        '--test',
        // Two at least: most tests wait for processes and disks, and the slowest file would else be alone at the end.
        `--test-concurrency=${Math.max(2, availableParallelism())}`,
        `--test-timeout=${TEST_MS_MAX}`,
        '--test-reporter=spec',
        '--test-reporter-destination=stdout',
        '--test-reporter=tap',
        `--test-reporter-destination=${report}`,
        'src/**/*.test.ts',
        'test/**/*.test.ts',
      ],
      { cwd: ROOT, stdio: ['ignore', 'inherit', 'inherit'] },
    )
    if (signal !== null) fail(`the tests were ended by ${signal}`, 'run them again')
    const text = readFileSync(report, 'utf8')
    if (countOf(text, 'tests') === 0)
      fail('no test ran', 'look at the patterns in scripts/test.mjs')
    const left = countOf(text, 'skipped') + countOf(text, 'todo')
    if (status === 0 && left > 0) {
      const how = 'tests were skipped or left to do'
      if (CI)
        fail(`${left} ${how}, which CI=true forbids`, 'bring what they need, or make them run')
      process.stderr.write(`\ntest: ${left} ${how}; with CI=true this is a failure\n`)
    }
    return status ?? 1
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

bringPrograms()
for (const one of CHECKS) check(one)
process.exitCode = runTests()
