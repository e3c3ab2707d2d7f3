// Holds the client of the control API: requests proven with the operator's key, answers checked against their schema.

import { request, type IncomingMessage } from 'node:http'
import type { ZodType } from 'zod'
import { utf8 } from '../../std/bytes.ts'
import { parseJson, RESPONSE_LIMITS, stringifyJson, type Json } from '../../std/json.ts'
import { makeOperatorProof } from '../../wire/operator-proof.ts'
import { fault } from '../faults.ts'
import type { Shell } from '../shell.ts'
import { serverEvents, type ServerEvent } from './events.ts'
import type { Operator } from './operator.ts'
import { refusal } from './problem.ts'
import { Proposed } from './proposed.ts'

/** How long an answer may take (ms). */
const PATIENCE_MS = 30_000

/** A path of segments, each encoded, with a query of what is defined. */
export function target(
  segments: readonly string[],
  query: Readonly<Record<string, string | number | undefined>> = {},
): string {
  const path = `/${segments.map(encodeURIComponent).join('/')}`
  const given = Object.entries(query).filter(([, value]) => value !== undefined)
  if (given.length === 0) return path
  return `${path}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`
}

interface Sent {
  readonly method: string
  readonly target: string
  readonly body?: Json
  readonly accept: string
  /** 0 waits without end. */
  readonly patienceMs: number
}

/** The control API as one person's program sees it. */
export class Control {
  readonly operator: Operator
  readonly #shell: Pick<Shell, 'clock' | 'entropy' | 'interrupted'>
  readonly #address: URL

  constructor(operator: Operator, shell: Pick<Shell, 'clock' | 'entropy' | 'interrupted'>) {
    this.operator = operator
    this.#shell = shell
    this.#address = new URL(operator.control)
  }

  /** Asks. Throws the server's own fault for a refusal, `cli.unreachable`, or `cli.answer`. */
  async get<T>(path: string, schema: ZodType<T>): Promise<T> {
    const answer = await this.#exchange('GET', path, undefined, PATIENCE_MS)
    return checked(answer, schema)
  }

  /** Asks for what is text and not JSON. Throws as `get` does. */
  async text(path: string): Promise<string> {
    const response = await this.#open({
      method: 'GET',
      target: path,
      accept: 'text/plain',
      patienceMs: PATIENCE_MS,
    })
    const status = response.statusCode ?? 0
    if (status >= 400) throw refusal(status, await readTree(response, status))
    return (await readAll(response)).toString('utf8')
  }

  /** Changes. Members of `body` that are undefined are left out. Throws `Proposed` for what others have to agree to first. */
  async send<T>(
    method: 'POST' | 'PATCH',
    path: string,
    body: object,
    schema: ZodType<T>,
    patienceMs: number = PATIENCE_MS,
  ): Promise<T> {
    const answer = await this.#exchange(method, path, body as Json, patienceMs)
    return checked(answer, schema)
  }

  /** Events for as long as the server, the reader and the person go on. */
  async *events(path: string): AsyncGenerator<ServerEvent> {
    const response = await this.#open({
      method: 'GET',
      target: path,
      accept: 'text/event-stream',
      patienceMs: 0,
    })
    const status = response.statusCode ?? 0
    if (status >= 400) throw refusal(status, await readTree(response, status))
    try {
      yield* serverEvents(response)
    } catch (error) {
      this.#stopped()
      throw fault('cli.unreachable', 'the server ended the stream', error)
    } finally {
      response.destroy()
    }
  }

  async #exchange(
    method: string,
    path: string,
    body: Json | undefined,
    patienceMs: number,
  ): Promise<Json> {
    const response = await this.#open({
      method,
      target: path,
      ...(body !== undefined && { body }),
      accept: 'application/json',
      patienceMs,
    })
    const status = response.statusCode ?? 0
    let tree: Json
    try {
      tree = await readTree(response, status)
    } catch (error) {
      this.#stopped()
      throw error
    }
    if (status >= 400) throw refusal(status, tree)
    const proposed = status === 202 ? Proposed.of(tree) : undefined
    if (proposed !== undefined) throw proposed
    return tree
  }

  #stopped(): void {
    if (this.#shell.interrupted.aborted) throw fault('cli.interrupted', 'interrupted')
  }

  #open(sent: Sent): Promise<IncomingMessage> {
    const body = sent.body === undefined ? new Uint8Array() : utf8(stringifyJson(sent.body))
    const proven = { method: sent.method, target: sent.target, body }
    const port = this.#address.port === '' ? '80' : this.#address.port
    const options = {
      // The address is dialled as it is; the name is what the listener insists on.
      hostname: this.#address.hostname.replace(/^\[(.*)\]$/, '$1'),
      port,
      method: sent.method,
      path: sent.target,
      signal: this.#shell.interrupted,
      agent: false,
      headers: {
        host: `bailiwick.localhost:${port}`,
        authorization: makeOperatorProof(proven, this.operator, this.#shell),
        accept: sent.accept,
        ...(sent.body !== undefined && {
          'content-type': 'application/json',
          'content-length': body.length,
        }),
      },
    }
    return new Promise((resolve, reject) => {
      const asked = request(options, resolve)
      asked.on('error', (cause) => {
        if (this.#shell.interrupted.aborted) {
          reject(fault('cli.interrupted', 'interrupted', cause))
        } else {
          const { control } = this.operator
          reject(fault('cli.unreachable', `nothing answers at ${control}`, cause))
        }
      })
      if (sent.patienceMs > 0) {
        asked.setTimeout(sent.patienceMs, () => asked.destroy(new Error('no answer in time')))
      }
      asked.end(body)
    })
  }
}

async function readAll(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > RESPONSE_LIMITS.bytes) throw fault('cli.answer', 'the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

async function readTree(response: IncomingMessage, status: number): Promise<Json> {
  const bytes = await readAll(response)
  try {
    return parseJson(bytes, RESPONSE_LIMITS)
  } catch (cause) {
    throw fault('cli.answer', `the answer with status ${status} is not JSON`, cause)
  }
}

function checked<T>(tree: Json, schema: ZodType<T>): T {
  const read = schema.safeParse(tree)
  if (read.success) return read.data
  const issue = read.error.issues[0]
  const member = issue?.path.join('.') ?? ''
  throw fault('cli.answer', `the answer is not what was expected: look at \`${member}\``)
}
