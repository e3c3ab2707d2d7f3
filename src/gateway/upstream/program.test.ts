// Holds the tests of what a program is known by.

import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { Fault } from '../../std/fault.ts'
import { digest } from '../../std/bytes.ts'
import type { StdioTransport } from '../../wire/system.ts'
import { fetches, programIdentity } from './program.ts'

function folder(t: TestContext): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'bailiwick-program-')))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function transport(command: string, args: readonly string[], cwd?: string): StdioTransport {
  return { kind: 'stdio', command, args, env: [], ...(cwd !== undefined && { cwd }) }
}

async function files(of: StdioTransport): Promise<readonly string[]> {
  const identity = await programIdentity(of)
  assert.ok(identity.kind === 'program')
  return identity.files.map(({ path }) => path)
}

test('a program is its file, whatever link leads to it', async (t) => {
  const at = folder(t)
  writeFileSync(join(at, 'server'), 'one')
  chmodSync(join(at, 'server'), 0o755)
  symlinkSync(join(at, 'server'), join(at, 'link'))
  const identity = await programIdentity(transport(join(at, 'link'), ['x']))
  assert.deepEqual(identity, {
    kind: 'program',
    files: [{ path: join(at, 'server'), digest: digest('one') }],
  })
  writeFileSync(join(at, 'server'), 'two')
  const now = await programIdentity(transport(join(at, 'link'), ['x']))
  assert.deepEqual(now, {
    kind: 'program',
    files: [{ path: join(at, 'server'), digest: digest('two') }],
  })
})

test('what an interpreter runs is part of the program, and what the script is given is not', async (t) => {
  const at = folder(t)
  for (const name of ['server.mjs', 'hook.mjs', 'data.db']) writeFileSync(join(at, name), name)
  const node = realpathSync(process.execPath)
  const script = join(at, 'server.mjs')
  assert.deepEqual(await files(transport(node, ['server.mjs', 'data.db'], at)), [node, script])
  const hooked = [node, join(at, 'hook.mjs'), script]
  assert.deepEqual(await files(transport(node, ['--import', './hook.mjs', script], at)), hooked)
  assert.deepEqual(
    await files(transport(node, ['--import=./hook.mjs', script, 'data.db'], at)),
    hooked,
  )
  assert.deepEqual(await files(transport(node, ['--no-warnings', '--', 'server.mjs'], at)), [
    node,
    script,
  ])
})

test('a script with a first line is itself and its interpreter', async (t) => {
  const at = folder(t)
  writeFileSync(join(at, 'run'), '#!/bin/sh\nexit 0\n', { mode: 0o755 })
  assert.deepEqual(await files(transport(join(at, 'run'), [])), [
    join(at, 'run'),
    realpathSync('/bin/sh'),
  ])
})

test('a version in a package.json is no identity', async (t) => {
  const at = folder(t)
  writeFileSync(join(at, 'package.json'), '{"version":"1.0.0"}')
  writeFileSync(join(at, 'index.js'), 'one')
  const of = transport(process.execPath, ['index.js'], at)
  const before = await programIdentity(of)
  writeFileSync(join(at, 'index.js'), 'two')
  assert.notDeepEqual(await programIdentity(of), before)
})

test('what cannot be read is told as that', async (t) => {
  const gone = programIdentity(transport(join(folder(t), 'gone'), []))
  await assert.rejects(gone, (error) => error instanceof Fault && error.code === 'upstream.start')
})

test('programs that fetch what they run are known', () => {
  for (const command of ['/usr/bin/npx', '/opt/uvx', '/usr/bin/docker']) {
    assert.equal(fetches(transport(command, ['x'])), true, command)
  }
  assert.equal(fetches(transport('/usr/bin/env', ['npx', 'x'])), true)
  assert.equal(fetches(transport('/usr/bin/node', ['server.js'])), false)
})
