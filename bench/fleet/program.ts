// Holds one process of the fleet: the real command line, started until it says that it is ready, and ended however one likes.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

const MAIN = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))
/** How long a start may take on a busy machine (ms). */
const START_MS = 60_000

/** A `bailiwick` process. */
export class Program {
  readonly #process: ChildProcess
  readonly #ended: Promise<unknown>
  #said = ''
  #complained = ''
  #gone = false

  private constructor(args: readonly string[], environment: Readonly<Record<string, string>>) {
    this.#process = spawn(process.execPath, [MAIN, ...args], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process.stdout!.on('data', (piece: Buffer) => (this.#said += piece.toString()))
    this.#process.stderr!.on('data', (piece: Buffer) => {
      this.#complained = `${this.#complained}${piece.toString()}`.slice(-20_000)
    })
    this.#ended = once(this.#process, 'close').then(() => (this.#gone = true))
  }

  /** Starts one, and waits until it is ready. Rejects with what it said where it ends before. */
  static async start(
    args: readonly string[],
    environment: Readonly<Record<string, string>> = {},
  ): Promise<Program> {
    const program = new Program(args, environment)
    const until = performance.now() + START_MS
    while (!program.#said.includes('"ready"')) {
      if (program.#gone || performance.now() > until) {
        program.kill('SIGKILL')
        throw new Error(`${args.join(' ')}: ${program.#complained}`)
      }
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    return program
  }

  /** What it said when it was ready. */
  get ready(): Readonly<Record<string, string>> {
    return JSON.parse(this.#said) as Record<string, string>
  }

  /** The last of its own log. */
  get log(): string {
    return this.#complained
  }

  kill(signal: NodeJS.Signals): void {
    if (!this.#gone) this.#process.kill(signal)
  }

  /** Ends it, and resolves when it has. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.kill(signal)
    await this.#ended
  }
}
