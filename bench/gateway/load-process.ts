// Holds the load generator of the gateway's bench: a process of its own that enrols as an agent and times what it asks.

import { Agent, request } from 'undici'
import { Holder } from '../../src/cli/identity/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { serveOrders } from '../child.ts'
import { httpTarget, type Address } from '../governed/http-target.ts'
import { closedLoop, type Seen } from '../governed/load.ts'

/** What it is told. */
export type LoadOrder =
  | {
      readonly do: 'connect'
      readonly identity: string
      readonly token: string
      readonly gateway: string
      readonly api: string
    }
  /** Calls of MCP, as many as so many connections make in some seconds. */
  | { readonly do: 'mcp'; readonly lanes: number; readonly seconds: number }
  /** The same request again and again: so often, on one connection or on several. */
  | {
      readonly do: 'ask'
      readonly of: 'gateway' | 'api'
      readonly path: string
      readonly body?: string
      readonly times: number
      readonly lanes: number
    }

/** What was seen of requests; times in ms. */
export interface Asked {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly bytes: number
  readonly megabytesPerSecond: number
}

let holder: Holder | undefined
let gateway = ''
let api = ''

async function connect(order: Extract<LoadOrder, { do: 'connect' }>): Promise<void> {
  holder = await Holder.enrol({
    identityUrl: order.identity,
    joinToken: order.token,
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
  })
  ;({ gateway, api } = order)
}

function held(): Holder {
  if (holder === undefined) throw new Error('not connected')
  return holder
}

async function mcp({ lanes, seconds }: Extract<LoadOrder, { do: 'mcp' }>): Promise<Seen> {
  const { hostname: host, port } = new URL(gateway)
  const address: Address = { host, port: Number(port), path: '/mcp/records', tls: held().tls() }
  const target = await httpTarget(address, lanes)
  try {
    await closedLoop(target, 1)
    return await closedLoop(target, seconds)
  } finally {
    target.close()
  }
}

async function ask(order: Extract<LoadOrder, { do: 'ask' }>): Promise<Asked> {
  const { body, lanes, of, path, times } = order
  const connections = lanes
  const dispatcher =
    of === 'gateway'
      ? new Agent({ connections, connect: { ...held().tls() } })
      : new Agent({ connections })
  const url = `${of === 'gateway' ? gateway : api}${path}`
  const headers = {
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
  }
  const took: number[] = []
  let bytes = 0
  const once = async (): Promise<void> => {
    const began = performance.now()
    const method = body === undefined ? 'GET' : 'POST'
    const answer = await request(url, {
      dispatcher,
      method,
      ...(body !== undefined && { body, headers }),
    })
    bytes = 0
    for await (const chunk of answer.body) bytes += (chunk as Buffer).length
    if (answer.statusCode !== 200) throw new Error(`${url} answered ${answer.statusCode}`)
    took.push(performance.now() - began)
  }
  const lane = async (): Promise<void> => {
    for (let n = 0; n < times / lanes; n++) await once()
  }
  const all = (): Promise<unknown> => Promise.all(Array.from({ length: lanes }, lane))
  await once()
  took.length = 0
  const began = performance.now()
  await all()
  const seconds = (performance.now() - began) / 1_000
  await dispatcher.close()
  const sorted = took.toSorted((a, b) => a - b)
  const at = (of: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * of))] ?? 0
  return {
    perSecond: took.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    bytes,
    megabytesPerSecond: (bytes * took.length) / seconds / 1e6,
  }
}

async function perform(order: LoadOrder): Promise<unknown> {
  switch (order.do) {
    case 'connect':
      return connect(order)
    case 'mcp':
      return mcp(order)
    case 'ask':
      return ask(order)
  }
}

serveOrders(perform, () => holder?.close())
