// Holds the carrier over standard streams: one JSON document a line, both ways, to a program of our own.

import { parseJson, RESPONSE_LIMITS, stringifyJson, type JsonObject } from '../../std/json.ts'
import { asLine } from '../../std/json-line.ts'
import { rpcMessage, type RpcMessage } from '../../wire/mcp.ts'
import { gatewayFault } from '../faults.ts'
import type { Carrier, Receiver } from './carrier.ts'
import { LineReader } from './lines.ts'
import type { UpstreamProcess } from './process.ts'

/** Speaks with one process, and ends it with the conversation. */
export class StdioCarrier implements Carrier {
  readonly #process: UpstreamProcess
  readonly #receiver: Receiver

  constructor(process: UpstreamProcess, receiver: Receiver) {
    this.#process = process
    this.#receiver = receiver
    const over = 'the system sent a line over the limit'
    const reader = new LineReader(
      RESPONSE_LIMITS.bytes,
      (line) => this.#onLine(line),
      () => receiver.onGone(gatewayFault('upstream.bad_answer', over)),
    )
    process.onOutput((chunk) => reader.push(chunk))
    void process.gone.then((how) => {
      receiver.onGone(gatewayFault('upstream.died', `the system's process is gone: ${how}`))
    })
  }

  get backlog(): number {
    return this.#process.backlog
  }

  get said(): string {
    return this.#process.stderr
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  send(message: JsonObject): void {
    this.#process.write(asLine(stringifyJson(message)))
  }

  listen(): void {
    // There is one stream each way, and it is open.
  }

  close(): void {
    this.#process.kill()
  }

  #onLine(line: Uint8Array): void {
    let message: RpcMessage | undefined
    try {
      message = rpcMessage(parseJson(line, RESPONSE_LIMITS))
    } catch (error) {
      this.#receiver.onGarbage(error instanceof Error ? error.message : 'unreadable')
      return
    }
    if (message === undefined) this.#receiver.onGarbage('a line that is no JSON-RPC message')
    else this.#receiver.onMessage(message, undefined)
  }
}
