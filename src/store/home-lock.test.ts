// Holds the tests of the lock on a home, with real processes.

import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '../std/fault.ts'
import { lockHome } from './home-lock.ts'

/** A process that has the home. */
async function holder(home: string): Promise<ChildProcess> {
  const script = `
    import { lockHome } from ${JSON.stringify(new URL('home-lock.ts', import.meta.url).href)}
    // Kept: what nobody refers to is collected, and a lock with it.
    globalThis.lock = lockHome(${JSON.stringify(home)})
    process.stdout.write('locked')
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return child
}

async function withHome(run: (home: string) => Promise<void> | void): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-home-'))
  try {
    await run(home)
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

test('a second process is refused and told who has the home; kill -9 frees it', () =>
  withHome(async (home) => {
    const child = await holder(home)
    assert.throws(
      () => lockHome(home),
      (error: unknown) =>
        error instanceof Fault &&
        error.code === 'store.home_in_use' &&
        error.detail.includes(`process ${child.pid}`),
    )
    child.kill('SIGKILL')
    await once(child, 'exit')
    lockHome(home).release()
  }))

test('the same process is refused too, and that does not free the first lock', () =>
  withHome(async (home) => {
    const lock = lockHome(home)
    assert.throws(() => lockHome(home), /store.home_in_use/)
    const child = spawn(
      process.execPath,
      [
        '--input-type=module-typescript',
        '-e',
        `import { lockHome } from ${JSON.stringify(new URL('home-lock.ts', import.meta.url).href)}
         lockHome(${JSON.stringify(home)})`,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    )
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [exit] = (await once(child, 'exit')) as [number]
    assert.notEqual(exit, 0)
    assert.match(said, new RegExp(`store.home_in_use.*process ${process.pid}`))
    lock.release()
    lockHome(home).release()
  }))

test('the files are ours alone, and releasing takes the number away', () =>
  withHome((home) => {
    const lock = lockHome(home)
    for (const file of ['home.lock', 'home.pid']) {
      assert.equal(statSync(join(home, file)).mode & 0o777, 0o600)
    }
    lock.release()
    lock.release()
    assert.ok(!existsSync(join(home, 'home.pid')))
  }))

test('a home that others can enter is refused, with the command that cures it', () =>
  withHome((home) => {
    chmodSync(home, 0o755)
    assert.throws(
      () => lockHome(home),
      (error: unknown) =>
        error instanceof Fault &&
        error.code === 'store.permissions' &&
        error.detail.includes(`chmod 700 '${home}'`),
    )
  }))
