// Holds one upstream process: its own process group, a scrubbed environment, killed whole and at once.

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { Writable, type Readable } from 'node:stream'
import { throttle } from './faucet.ts'
import { launchOf, type SandboxSetting } from './sandbox.ts'
import type { StdioTransport } from '../../wire/system.ts'

/** Variables that every upstream gets: what programs need to run at all, and nothing of ours. */
const KEPT = ['PATH', 'LANG', 'LC_ALL', 'LC_CTYPE', 'TZ', 'SSL_CERT_FILE', 'SSL_CERT_DIR'] as const

/** Bytes of standard error kept for the operator. */
const STDERR_KEPT = 4096

/** What the process is started with. */
export interface ProcessOptions {
  readonly transport: StdioTransport
  /** Values of the variables that the transport names. */
  readonly secrets: Readonly<Record<string, string>>
  /** A folder of the system's own: HOME and TMPDIR of the process. */
  readonly home: string
  /** The environment that KEPT is taken from. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly sandbox: SandboxSetting
}

/** The environment of an upstream: KEPT, a home of its own, and exactly the variables that its registration names. */
function upstreamEnvironment(options: ProcessOptions): Record<string, string> {
  const out: Record<string, string> = {}
  for (const name of KEPT) {
    const value = options.environment[name]
    if (value !== undefined) out[name] = value
  }
  out['HOME'] = options.home
  out['TMPDIR'] = options.home
  for (const name of options.transport.env) {
    const value = options.secrets[name]
    if (value !== undefined) out[name] = value
  }
  return out
}

/** A running upstream. */
export class UpstreamProcess {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #stderr = ''
  #ended = false
  /** Lines of this turn of the loop, written at its end. */
  #lines = ''
  /** Resolves when the process is gone, with how it went. Never rejects. */
  readonly gone: Promise<string>

  constructor(options: ProcessOptions) {
    mkdirSync(options.home, { recursive: true, mode: 0o700 })
    const { transport, home } = options
    const plan = { transport, home, env: upstreamEnvironment(options) }
    const launch = launchOf(plan, options.sandbox)
    this.#child = spawn(launch.command, [...launch.args], {
      cwd: launch.cwd,
      env: launch.env,
      stdio: ['pipe', 'pipe', 'pipe', ...(launch.filter === undefined ? [] : ['pipe' as const])],
      // A group of its own, so that what it started dies with it; in a sandbox its processes die with the first of them.
      detached: true,
    }) as ChildProcessByStdio<Writable, Readable, Readable>
    const filterPipe: unknown = this.#child.stdio[3]
    if (filterPipe instanceof Writable) filterPipe.on('error', () => this.kill()).end(launch.filter)
    this.gone = new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#ended = true
        launch.close()
        resolve(`it could not be started (${'code' in error ? String(error.code) : error.name})`)
      })
      this.#child.once('exit', (code, signal) => {
        this.#ended = true
        launch.close()
        this.kill()
        resolve(signal === null ? `it exited with ${code}` : `it was ended by ${signal}`)
      })
    })
    // A closed pipe is told by `gone`; without a listener it would end our own process.
    this.#child.stdin.on('error', () => this.kill())
    this.#child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr = (this.#stderr + chunk.toString('utf8')).slice(-STDERR_KEPT)
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** The last of what it wrote to standard error: for the operator, never for an agent. */
  get stderr(): string {
    return this.#stderr
  }

  get ended(): boolean {
    return this.#ended
  }

  /** Bytes accepted for its standard input and not yet taken by it. */
  get backlog(): number {
    return this.#child.stdin.writableLength + this.#lines.length
  }

  onOutput(listener: (chunk: Buffer) => void): void {
    throttle(this.#child.stdout, listener)
  }

  /** Takes a line. Those of one turn of the loop go out in one write: a group commit lets many calls go on at once. */
  write(line: string): void {
    if (this.#lines === '') process.nextTick(() => this.#flush())
    this.#lines += `${line}\n`
  }

  #flush(): void {
    const lines = this.#lines
    this.#lines = ''
    if (lines !== '' && !this.#ended && this.#child.stdin.writable) this.#child.stdin.write(lines)
  }

  /** Ends the whole group at once; the kernel does it, no cooperation is asked for. */
  kill(): void {
    const pid = this.#child.pid
    if (pid === undefined) return
    // What was said before the end is still said: a call that is cut has been told so.
    this.#flush()
    try {
      process.kill(-pid, 'SIGKILL')
    } catch (error) {
      // ESRCH: the group is gone already, which is what was wanted.
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
    }
  }
}
