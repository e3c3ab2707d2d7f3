// Holds an HTTP API behind a gateway: a real server that answers as a test says, and a client that sends what it is told.

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { createServer as createTcp, type AddressInfo, type Server, type Socket } from 'node:net'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { listenPlainGateway, type GatewayListener } from '../../src/gateway/listener.ts'
import { Network, type NetworkOptions } from '../../src/gateway/net/network.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../../src/gateway/equipment.ts'
import { openGateway, type Gateway } from '../../src/gateway/open.ts'
import { actionsOfOpenApi } from '../../src/policy/reality/openapi.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { parseJson } from '../../src/std/json.ts'
import type { ApiTransport } from '../../src/wire/system.ts'
import { actor, FakePorts } from './ports.ts'

/** What the system was asked. */
export interface Heard {
  readonly method: string
  readonly url: string
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
}

/** An answer as a test looks at it. */
export interface Told {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: Buffer
  readonly text: string
  readonly json: Record<string, unknown>
  /** True where it broke off. */
  readonly broken: boolean
}

/** What a test asks. */
export interface Asking {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string | readonly string[]>>
  readonly body?: string | Uint8Array
  readonly token?: string | null
}

/** What the system does with a request; by hand where it is to be no HTTP at all. */
export type Answering = (request: IncomingMessage, response: ServerResponse, body: Buffer) => void

interface Options {
  readonly document: unknown
  readonly answer?: Answering
  /** Bytes instead of HTTP: what is written to each connection. */
  readonly raw?: (socket: Socket) => void
  readonly transport?: Partial<ApiTransport>
  readonly network?: NetworkOptions
  readonly equipment?: Partial<Equipment>
  readonly holdMs?: number
}

/** A system `notes` behind `/http/notes`, and an agent whose token is `agent-token`. */
export class HttpApi implements AsyncDisposable {
  readonly fake = new FakePorts()
  readonly heard: Heard[] = []
  readonly upstream: Server
  answer: Answering
  equipment: Equipment
  readonly #home = mkdtempSync(join(tmpdir(), 'bailiwick-http-api-'))
  #gateway: Gateway | undefined
  #listener: GatewayListener | undefined

  private constructor(options: Options) {
    this.answer = options.answer ?? ((_request, response) => response.end('{}'))
    this.equipment = { ...NOTHING_EQUIPPED, ...options.equipment }
    this.upstream =
      options.raw === undefined
        ? createServer((request, response) => this.#hear(request, response))
        : createTcp(options.raw)
  }

  static async open(options: Options): Promise<HttpApi> {
    const made = new HttpApi(options)
    await new Promise<void>((resolve) => made.upstream.listen(0, '127.0.0.1', resolve))
    const { port } = made.upstream.address() as AddressInfo
    const document = parseJson(Buffer.from(JSON.stringify(options.document)))
    const { fake } = made
    fake.actors.set('agent-token', actor('agent-token'))
    fake.systems.set('notes', {
      name: 'notes',
      transport: {
        kind: 'api',
        url: `http://127.0.0.1:${port}/api`,
        document: 'sha256:document',
        auth: { kind: 'none' },
        reach: { private: true },
        ...options.transport,
      },
      server: { name: 'notes', version: '1' },
      actions: actionsOfOpenApi(document, 'api').actions,
      maxProcesses: 1,
      digest: 'sha256:notes',
    })
    const { ports } = fake
    const gateway = openGateway({
      ports: { ...ports, credentials: { equip: () => made.equipment } },
      home: made.#home,
      environment: {},
      network: new Network(options.network),
      ...(options.holdMs !== undefined && { holdMs: options.holdMs }),
    })
    made.#gateway = gateway
    made.#listener = await listenPlainGateway({
      host: '127.0.0.1',
      port: 0,
      endpoint: gateway.endpoint,
      hooks: gateway.hooks,
      http: gateway.http,
      egress: gateway.egress,
      ports: gateway.entry,
      entropy: systemEntropy,
      issuer: () => 'https://127.0.0.1:7402',
      unbound: true,
    })
    return made
  }

  /** Port of the system. */
  get port(): number {
    return (this.upstream.address() as AddressInfo).port
  }

  /** Port of the gateway. */
  get gatewayPort(): number {
    return this.#listener?.port ?? 0
  }

  /** Bodies of the records of a type. */
  records(type: string): readonly Record<string, unknown>[] {
    return this.fake.records.filter((record) => record.type === type).map(({ body }) => body ?? {})
  }

  #hear(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('error', () => undefined)
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      const { headers, method = '', url = '' } = request
      this.heard.push({ method, url, headers, body })
      this.answer(request, response, body)
    })
  }

  /** Sends one request; `path` goes into the request line as it is. */
  ask(path: string, { body, headers = {}, method = 'GET', token }: Asking = {}): Promise<Told> {
    return new Promise((resolve, reject) => {
      const request = httpRequest(
        {
          host: '127.0.0.1',
          port: this.gatewayPort,
          method,
          path,
          headers: {
            host: `127.0.0.1:${this.gatewayPort}`,
            ...(token !== null && { authorization: `Bearer ${token ?? 'agent-token'}` }),
            ...(body !== undefined && { 'content-length': Buffer.byteLength(body) }),
            ...(headers as Record<string, string | string[]>),
          },
        },
        (response) => {
          const chunks: Buffer[] = []
          const told = (broken: boolean) => {
            const bytes = Buffer.concat(chunks)
            const text = bytes.toString('utf8')
            const type = String(response.headers['content-type'])
            const json = /json/.test(type) && !broken && text !== '' ? JSON.parse(text) : {}
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              body: bytes,
              text,
              json: json as Record<string, unknown>,
              broken,
            })
          }
          response.on('data', (chunk: Buffer) => chunks.push(chunk))
          response.on('error', () => told(true))
          response.on('end', () => told(!response.complete))
        },
      )
      request.on('error', reject)
      request.end(body)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.close()
    await this.#gateway?.close()
    if ('closeAllConnections' in this.upstream) {
      ;(this.upstream as unknown as { closeAllConnections(): void }).closeAllConnections()
    }
    await new Promise((resolve) => this.upstream.close(resolve))
    rmSync(this.#home, { recursive: true, force: true })
  }
}

/** An OpenAPI document with the paths given. */
export function apiDocument(paths: unknown, more: Record<string, unknown> = {}): unknown {
  return { openapi: '3.1.0', info: { title: 'Notes', version: '1' }, paths, ...more }
}

/** A text parameter. */
export function parameter(
  name: string,
  where: string,
  schema: unknown = { type: 'string' },
  more = {},
): unknown {
  return { name, in: where, ...(where === 'path' && { required: true }), schema, ...more }
}
