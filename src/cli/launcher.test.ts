// Holds the tests of bin/bailiwick: it finds Node 24 from any folder, through links, whatever stands first on PATH.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('../../bin/bailiwick', import.meta.url))

function folder(t: TestContext): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'bailiwick launcher ')))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** A `node` that says it is of some version, and fails if it is made to run anything. */
function fakeNode(at: string, version: string, ran = 'exit 99'): void {
  mkdirSync(at, { recursive: true })
  const major = version.split('.')[0]
  const script = `#!/bin/sh\ncase $1 in -p) echo ${major} ;; --version) echo v${version} ;; *) ${ran} ;; esac\n`
  writeFileSync(join(at, 'node'), script)
  chmodSync(join(at, 'node'), 0o755)
}

function start(program: string, cwd: string, path: string) {
  const env = { ...process.env, PATH: path }
  return spawnSync(program, ['version', '-o', 'json'], { cwd, env, encoding: 'utf8' })
}

test('from another folder, through links to links, with an old Node first on PATH', (t) => {
  const at = folder(t)
  fakeNode(join(at, 'old'), '20.20.2')
  mkdirSync(join(at, 'bin'))
  symlinkSync(LAUNCHER, join(at, 'bin', 'first'))
  symlinkSync('first', join(at, 'bin', 'bailiwick'))
  const path = `${join(at, 'old')}:${join(at, 'bin')}:/usr/bin:/bin`
  for (const program of [LAUNCHER, join(at, 'bin', 'bailiwick'), 'bailiwick']) {
    const { status, stdout, stderr } = start(program, at, path)
    assert.equal(status, 0, stderr)
    const { node } = JSON.parse(stdout) as { node: string }
    assert.ok(Number.parseInt(node, 10) >= 24, node)
  }
})

/** A checkout without node_modules. */
function bare(t: TestContext): string {
  const at = folder(t)
  mkdirSync(join(at, 'repo', 'bin'), { recursive: true })
  copyFileSync(LAUNCHER, join(at, 'repo', 'bin', 'bailiwick'))
  return at
}

test('without a Node of its own it takes one from PATH that is new enough', (t) => {
  const at = bare(t)
  fakeNode(join(at, 'new'), '26.1.0', 'echo "$@"')
  const { status, stdout } = start(
    join(at, 'repo', 'bin', 'bailiwick'),
    at,
    `${join(at, 'new')}:/usr/bin:/bin`,
  )
  assert.equal(status, 0)
  assert.equal(stdout, `${join(at, 'repo', 'src/cli/main.ts')} version -o json\n`)
})

test('where there is none it says what it found and what to do, and runs nothing', (t) => {
  const at = bare(t)
  fakeNode(join(at, 'old'), '20.20.2')
  const { status, stdout, stderr } = start(
    join(at, 'repo', 'bin', 'bailiwick'),
    at,
    `${join(at, 'old')}:/usr/bin:/bin`,
  )
  assert.equal(status, 1)
  assert.equal(stdout, '')
  assert.match(stderr, /^error: .*on PATH is: v20\.20\.2 \(cli\.node\)\nnext: .*npm install/)
})
