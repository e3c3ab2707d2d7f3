// Holds the command line over a home with the real control API, listening on loopback.

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { run } from '../../src/cli/program.ts'
import { ControlHome, type FakeOperator } from './control.ts'
import { FakeShell } from './shell.ts'

/** How a command ended. */
export interface CliEnded {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** A control API that listens, and command lines that are given the credential of somebody there. */
export class ControlCli {
  readonly home: ControlHome
  readonly #port: number
  readonly #close: () => Promise<void>

  private constructor(home: ControlHome, port: number, close: () => Promise<void>) {
    this.home = home
    this.#port = port
    this.#close = close
  }

  static async open(): Promise<ControlCli> {
    const home = await ControlHome.open()
    const { port, close } = await home.control.listen({ host: '127.0.0.1', port: 0 })
    return new ControlCli(home, port, close)
  }

  /** Runs one command line, as ada unless somebody else is named. */
  async run(
    test: TestContext,
    argv: readonly string[],
    {
      input = '',
      as = this.home.ada,
    }: { readonly input?: string; readonly as?: FakeOperator } = {},
  ): Promise<CliEnded> {
    const shell = new FakeShell(test)
    const folder = join(shell.cwd, 'home')
    mkdirSync(folder, { mode: 0o700 })
    const { id, name, kid, key } = as
    const operator = { name, person: id, control: `http://127.0.0.1:${this.#port}`, kid, key }
    writeFileSync(join(folder, 'operator.json'), JSON.stringify(operator), { mode: 0o600 })
    shell.clock.setWall(this.home.clock.now())
    shell.stdin.end(input)
    const code = await run(argv, shell)
    return { code, out: shell.stdout.text, err: shell.stderr.text }
  }

  async close(): Promise<void> {
    await this.#close()
    await this.home.close()
  }
}
