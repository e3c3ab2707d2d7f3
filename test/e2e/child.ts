// Holds child processes of tests: started with a clean environment, read as they speak, and always ended.

import { spawn, type ChildProcess } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The command line's own entry. */
export const MAIN: string = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** How a process ended, and all that it said. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A process of this test. Leaving its scope ends it. */
export class Child implements AsyncDisposable {
  readonly #child: ChildProcess
  /** Resolves when it has ended. Never rejects. */
  readonly ended: Promise<Ended>
  stdout = ''
  stderr = ''
  gone = false

  constructor(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
    program: string = process.execPath,
  ) {
    this.#child = spawn(program, args, {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.#child.stdout!.on('data', (chunk: Buffer) => (this.stdout += chunk.toString('utf8')))
    this.#child.stderr!.on('data', (chunk: Buffer) => (this.stderr += chunk.toString('utf8')))
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        this.gone = true
        resolve({ code, signal, stdout: this.stdout, stderr: this.stderr })
      })
    })
  }

  get pid(): number {
    return this.#child.pid!
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.gone) this.#child.kill(signal)
  }

  /** Writes to its standard input, which stays open. */
  tell(text: string): void {
    this.#child.stdin!.write(text)
  }

  /** Writes to its standard input, and ends that. */
  say(text: string): void {
    this.#child.stdin!.end(text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL')
    await this.ended
  }
}
