// Holds the building and running of the verifier in Go: golang.org/x/mod/sumdb from Debian's packages, without a network.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('go-verifier', import.meta.url))

/** What it prints. */
export interface GoReport {
  readonly ok: boolean
  readonly shards: readonly {
    readonly origin: string
    readonly size: number
    readonly root: string
    readonly witnesses: readonly string[]
    readonly witnessed: number
  }[]
  readonly records: number
  readonly index?: number
  readonly consistent?: boolean
  readonly problems: readonly { readonly place: string; readonly what: string }[]
  readonly more: number
}

/** The program, built for the tests of one file. */
export class GoVerifier {
  readonly #folder = mkdtempSync(join(tmpdir(), 'bailiwick-go-'))
  readonly program = join(this.#folder, 'verifier')

  constructor() {
    const { status, stderr, error } = spawnSync('go', ['build', '-o', this.program, '.'], {
      cwd: SOURCE,
      encoding: 'utf8',
      env: {
        ...process.env,
        CGO_ENABLED: '0',
        GO111MODULE: 'off',
        GOFLAGS: '',
        GOPATH: '/usr/share/gocode',
        GOTOOLCHAIN: 'local',
      },
    })
    assert.equal(status, 0, error === undefined ? stderr : error.message)
  }

  /** Runs it; `code` is 0 where nothing deviates, 1 where something does. Fails where it could not look. */
  run(...args: readonly string[]): GoReport {
    const { status, stdout, stderr } = spawnSync(this.program, args, { encoding: 'utf8' })
    assert.ok(status === 0 || status === 1, `verifier ${args.join(' ')}: ${stderr}`)
    const report = JSON.parse(stdout) as GoReport
    assert.equal(report.ok, status === 0, 'the exit code is the verdict')
    return report
  }

  /** The same for an address that this very process serves: it goes on meanwhile. */
  async runAway(...args: readonly string[]): Promise<GoReport> {
    const child = spawn(this.program, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [said, [status]] = await Promise.all([text(child.stdout), once(child, 'close')])
    const report = JSON.parse(said) as GoReport
    assert.equal(report.ok, status === 0, 'the exit code is the verdict')
    return report
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
