// Holds the attestor's view of this machine's kernel: read of real processes, and of files that change.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { hex, sha256 } from '../../../std/bytes.ts'
import { ExecutableDigests } from './unix-executable.ts'
import { linuxKernel } from './unix-kernel.ts'

const kernel = linuxKernel()

test('our own process is seen as it is', async () => {
  const { pid } = process
  const program = kernel.program(pid)
  assert.equal(program?.link, process.execPath)
  assert.equal(program?.linkLeadsHere, true)
  assert.equal(kernel.started(pid), kernel.started(pid))
  assert.match(kernel.started(pid)!, /^[0-9a-f]{8}\.\d+$/)
  const digest = await kernel.digest(pid)
  assert.equal(digest?.file, program?.file)
  assert.equal(digest?.sha256, hex(sha256(readFileSync(process.execPath))))
  assert.deepEqual(kernel.userNames(0), ['root'])
  assert.deepEqual(kernel.userNames(4_000_000_000), [])
})

test('two processes differ by their start, and one that has ended has none, not even as a zombie', async () => {
  // The name of a process is its own choice, brackets and all.
  const child = spawn('sleep', ['60'], { argv0: ') R 1 1' })
  await once(child, 'spawn')
  const pid = child.pid!
  assert.notEqual(kernel.started(pid), undefined)
  assert.notEqual(kernel.started(pid), kernel.started(process.pid))
  child.kill('SIGKILL')
  await once(child, 'exit')
  assert.equal(kernel.started(pid), undefined)
  assert.equal(kernel.program(pid), undefined)
  assert.equal(await kernel.digest(pid), undefined)
})

test('a descriptor that is no socket has no peer', () => {
  const file = openSync('/proc/self/stat', 'r')
  assert.throws(() => kernel.credentials(file), { code: 'unix.peer' })
  assert.equal(kernel.hold(file, 1), undefined)
  closeSync(file)
  assert.throws(() => kernel.credentials(-1), { code: 'unix.peer' })
  assert.equal(kernel.hold(-1, 1), undefined)
})

test('a digest is remembered until the file changes, and many at once are one reading', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-digest-'))
  try {
    const path = join(folder, 'program')
    writeFileSync(path, 'one')
    const digests = new ExecutableDigests()
    const asked = await Promise.all(Array.from({ length: 20 }, () => digests.of(path)))
    assert.deepEqual(new Set(asked.map((one) => one?.sha256)), new Set([hex(sha256('one'))]))
    appendFileSync(path, ' and two')
    assert.equal((await digests.of(path))?.sha256, hex(sha256('one and two')))
    assert.equal(await digests.of(join(folder, 'nothing')), undefined)
    assert.equal(await digests.of(folder), undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
