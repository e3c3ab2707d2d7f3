// Holds a shell for tests of the command line: streams that can be read back, a clock that stands, no real terminal.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Screenable, Shell } from '../../src/cli/shell.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { FakeClock } from './clock.ts'

/** A stream that keeps what is written to it. */
export class Kept extends Writable implements Screenable {
  text = ''
  isTTY = false
  columns = 80

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString('utf8')
    done()
  }
}

/** A shell whose home is a folder of its own. */
export class FakeShell implements Shell {
  readonly stdin = new PassThrough()
  readonly stdout = new Kept()
  readonly stderr = new Kept()
  readonly env: Record<string, string | undefined>
  readonly cwd: string
  readonly clock = new FakeClock()
  readonly timer = systemTimer
  readonly entropy = systemEntropy
  readonly interrupt = new AbortController()
  readonly interrupted = this.interrupt.signal

  constructor(test: TestContext) {
    this.cwd = mkdtempSync(join(tmpdir(), 'bailiwick-cli-'))
    this.env = { BAILIWICK_HOME: join(this.cwd, 'home'), PATH: process.env['PATH'] }
    test.after(() => rmSync(this.cwd, { recursive: true, force: true }))
  }
}
