// Holds the driver of an agent that runs as a process of its own: orders go in as lines, what it sees comes out as lines.

import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { AgentAnswer, AgentEnd, AgentOrder } from './order.ts'

/** One running agent. Orders are carried out one after the other. */
export class AgentProcess {
  readonly #child: ChildProcess
  readonly #exit: Promise<void>
  #onAnswer: ((answer: AgentAnswer) => void) | undefined
  #onExit: ((why: Error) => void) | undefined

  constructor(environment: Readonly<Record<string, string | undefined>>) {
    const program = fileURLToPath(new URL('./agent.ts', import.meta.url))
    this.#child = spawn(process.execPath, [program], {
      // The agent gets what a program needs to run, and no word about the home that governs it.
      env: { PATH: environment['PATH'] },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#exit = new Promise((resolve) => {
      this.#child.on('exit', (code, signal) => {
        this.#onExit?.(new Error(`the agent's process ended (${signal ?? code})`))
        resolve()
      })
    })
    const lines = createInterface({ input: this.#child.stdout! })
    lines.on('line', (line) => this.#onAnswer?.(JSON.parse(line) as AgentAnswer))
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  /** Gives an order and waits for its end; `onWay` sees what comes before. */
  order(order: AgentOrder, onWay?: (answer: AgentAnswer) => void): Promise<AgentEnd> {
    return new Promise((resolve, reject) => {
      this.#onExit = reject
      this.#onAnswer = (answer) => {
        if ('done' in answer || 'failed' in answer) resolve(answer)
        else onWay?.(answer)
      }
      this.#child.stdin!.write(`${JSON.stringify(order)}\n`)
    })
  }

  /** Lets the agent end by itself, and ends it after two seconds if it does not. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 2_000)
    this.#child.stdin!.end()
    await this.#exit
    clearTimeout(timer)
  }
}
