// Holds a program of a bench that runs as a process of its own: orders go in, answers come out, and it ends with its parent.

import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** How long a child may take to end by itself (ms). */
const END_MS = 15_000

type Answer = { readonly done: unknown } | { readonly failed: string }

/** A running child. Orders are carried out one after the other. */
export class Child {
  readonly #process: ChildProcess
  readonly #exit: Promise<unknown>

  /** Starts a program; `execArgv` are options of Node itself. Its standard output goes to our standard error. */
  constructor(program: URL, args: readonly string[] = [], execArgv: readonly string[] = []) {
    this.#process = fork(program, args, {
      execArgv: [...execArgv],
      stdio: ['ignore', 2, 2, 'ipc'],
    })
    this.#exit = once(this.#process, 'exit')
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Gives an order and waits for what it answers. The caller knows the answer's shape: both sides are one bench. */
  async order<T>(order: object): Promise<T> {
    const ended = this.#exit.then(() => {
      throw new Error('a process of the bench ended before it answered')
    })
    const answered = once(this.#process, 'message')
    this.#process.send(order)
    const [answer] = (await Promise.race([answered, ended])) as [Answer]
    if ('failed' in answer) throw new Error(answer.failed)
    return answer.done as T
  }

  /** Asks it to end, and ends it where it does not. */
  async close(): Promise<void> {
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), END_MS)
    if (this.#process.connected) this.#process.disconnect()
    await this.#exit
    clearTimeout(timer)
  }
}

/**
 * The child's side: carries out orders until the parent is gone or asks for the end, then `end` tidies up. A signal from a
 * terminal goes to the whole group: the parent hears it too, and closes us in order.
 */
export function serveOrders<O>(perform: (order: O) => Promise<unknown>, end: () => unknown): void {
  process.on('SIGINT', () => undefined)
  process.on('message', (order: O) => {
    perform(order).then(
      (done) => process.send?.({ done: done ?? null }),
      (error: unknown) => process.send?.({ failed: String(error) }),
    )
  })
  process.once('disconnect', () => {
    void Promise.resolve(end()).finally(() => process.exit(0))
  })
}
