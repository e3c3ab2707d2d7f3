// Holds a stdio bridge for tests: a real identity, a real HTTPS listener with client certificates, and what it is told to answer.

import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { PassThrough, Writable } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { TestContext } from 'node:test'
import { keepCertified } from '../../src/authority/identity/serving.ts'
import type { Enrolment } from '../../src/cli/enrolment.ts'
import { Holder } from '../../src/cli/identity/holder.ts'
import { Bridge } from '../../src/cli/mcp/bridge.ts'
import { readLines } from '../../src/cli/mcp/lines.ts'
import { Session } from '../../src/cli/mcp/session.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { systemClock, type Clock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer, type Timer } from '../../src/std/timer.ts'
import { until } from '../e2e/until.ts'
import { PERSON } from './district.ts'
import { serve, type Served } from './served.ts'

/** A JSON-RPC message, as far as tests look at it. */
export interface Line {
  readonly id?: string | number | null
  readonly method?: string
  readonly params?: Readonly<Record<string, unknown>>
  readonly result?: Readonly<Record<string, unknown>>
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data: { readonly code: string; readonly next: string }
  }
}

/** A POST that arrived. */
export interface Posted {
  readonly headers: IncomingMessage['headers']
  readonly path: string | undefined
  readonly text: string
  readonly message: Line
  /** Instance whose certificate was shown, while it lives. */
  readonly instance: string | undefined
  readonly response: ServerResponse
}

/** Answers a POST, or leaves it open. */
export type Script = (posted: Posted) => void

/** Answers with one JSON document. */
export function json(response: ServerResponse, text: string, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(text)
}

/** A bridge with its world. */
export interface Bridged {
  readonly district: Served
  readonly posts: Posted[]
  readonly notes: string[]
  script: Script
  /** What keeps the next enrolment from being made. */
  refuseEnrolment: Error | undefined
  /** Writes a line to the bridge. */
  say(message: object | string): void
  /** The lines that came out, once there are this many. */
  lines(count: number): Promise<Line[]>
  /** The lines that came out so far, as they stand. */
  readonly written: string[]
  readonly stdin: PassThrough
  readonly interrupt: AbortController
  /** Resolves when the bridge has ended. */
  readonly ended: Promise<void>
  /** Stops the listener, and answers how to start it again on its port. */
  stop(): Promise<() => Promise<void>>
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function listener(world: Bridged): Server {
  const { district } = world
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const raw = (request.socket as TLSSocket).getPeerX509Certificate()?.raw ?? new Uint8Array()
    const instance = district.identities.actorOf(hex(sha256(raw)))?.instance
    const text = await textOf(request)
    const { headers, url: path } = request
    const posted = { headers, path, text, message: JSON.parse(text) as Line, instance, response }
    world.posts.push(posted)
    if (instance === undefined) {
      const error = { code: -32010, message: 'unknown', data: { code: 'authenticate.unknown' } }
      json(response, JSON.stringify({ jsonrpc: '2.0', id: null, error }), 401)
    } else world.script(posted)
  }
  return createServer(
    { requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.3' },
    (request, response) => {
      answer(request, response).catch((error: unknown) => response.destroy(error as Error))
    },
  )
}

function enrolment(world: Bridged, gateway: () => string): Enrolment {
  const { district } = world
  return {
    agent: 'mail-sorter',
    enrol: async () => {
      if (world.refuseEnrolment !== undefined) throw world.refuseEnrolment
      const of = { agent: 'mail-sorter', person: PERSON, by: PERSON }
      const { token } = await district.identities.issueJoinToken(of)
      const ports = { clock: systemClock, timer: systemTimer, entropy: systemEntropy }
      const holder = await Holder.enrol({ identityUrl: district.url, joinToken: token, ...ports })
      return { holder, gateway: gateway() }
    },
  }
}

/** Starts a bridge to a system named `files`. `output` stands in for a reader of the test's own. */
export async function bridged(
  test: TestContext,
  options: { readonly clock?: Clock; readonly timer?: Timer; readonly output?: Writable } = {},
): Promise<Bridged> {
  const district = await serve()
  const written: string[] = []
  const kept = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      written.push(...chunk.toString('utf8').split('\n').slice(0, -1))
      done()
    },
  })
  const stdin = new PassThrough()
  const interrupt = new AbortController()
  let server: Server | undefined
  let stop = (): void => undefined
  let port = 0
  const open = async (): Promise<void> => {
    server = listener(world)
    stop = keepCertified(server, { ...district, role: 'gateway' })
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    port = (server.address() as AddressInfo).port
  }
  const close = async (): Promise<void> => {
    stop()
    server?.closeAllConnections()
    if (server?.listening !== true) return
    server.close()
    await once(server, 'close')
  }
  const world: Bridged = {
    district,
    written,
    stdin,
    interrupt,
    posts: [],
    notes: [],
    refuseEnrolment: undefined,
    script: ({ response }) => response.destroy(),
    say: (message) => {
      stdin.write(`${typeof message === 'string' ? message : JSON.stringify(message)}\n`)
    },
    lines: async (count) => {
      await until(`${count} lines`, () => written.length >= count)
      return written.map((line) => JSON.parse(line) as Line)
    },
    ended: Promise.resolve(),
    stop: async () => {
      await close()
      return open
    },
  }
  await open()
  const note = (text: string): void => void world.notes.push(text)
  const session = new Session(
    enrolment(world, () => `https://127.0.0.1:${port}`),
    note,
  )
  const bridge = new Bridge({
    session,
    system: 'files',
    output: options.output ?? kept,
    clock: options.clock ?? systemClock,
    timer: options.timer ?? systemTimer,
    note,
    interrupted: interrupt.signal,
  })
  const ended = bridge.run(readLines(stdin)).then(() => session.close())
  test.after(async () => {
    interrupt.abort()
    await ended
    await close()
    await district[Symbol.asyncDispose]()
  })
  return Object.assign(world, { ended })
}
