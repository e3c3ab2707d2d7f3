// Holds the tour's agent: a program of its own that enrols, holds its own key, and calls through the official MCP client.

import { createInterface } from 'node:readline'
import { Client, ProtocolError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { fetch as undiciFetch, type RequestInit as UndiciInit } from 'undici'
import { systemClock } from '../../std/clock.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { publicFault } from '../../std/fault.ts'
import { systemTimer } from '../../std/timer.ts'
import { Holder } from '../identity/holder.ts'
import type { AgentAnswer, AgentOrder } from './order.ts'

let holder: Holder | undefined
const clients = new Map<string, Client>()

function say(answer: AgentAnswer): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`)
}

/** Requests of the MCP client over mutual TLS, with the certificate that is the newest at that moment. */
async function overMutualTls(url: string | URL, init?: RequestInit): Promise<Response> {
  if (holder === undefined) throw new Error('not enrolled')
  const options = { ...(init as UndiciInit), dispatcher: holder.dispatcher() }
  return (await undiciFetch(url, options)) as unknown as Response
}

async function connect(order: Extract<AgentOrder, { do: 'connect' }>): Promise<object> {
  const client = new Client(
    { name: 'tour-agent', version: '1' },
    {
      capabilities: { elicitation: { url: {} } },
      versionNegotiation: { mode: order.era === '2025-11-25' ? 'legacy' : { pin: order.era } },
    },
  )
  client.setRequestHandler('elicitation/create', (request) => {
    if (request.params.mode === 'url') say({ told: request.params.url })
    return { action: 'accept' as const }
  })
  const url = new URL(`${order.gateway}/mcp/${order.system}`)
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: overMutualTls }))
  clients.set(order.system, client)
  return { era: order.era }
}

async function perform(order: AgentOrder): Promise<object> {
  switch (order.do) {
    case 'enrol': {
      holder = await Holder.enrol({
        identityUrl: order.identity,
        joinToken: order.token,
        clock: systemClock,
        timer: systemTimer,
        entropy: systemEntropy,
      })
      return { ...holder.identity }
    }
    case 'connect':
      return connect(order)
    case 'list': {
      const { tools } = await clientOf(order.system).listTools()
      return { tools: tools.map((tool) => tool.name) }
    }
    case 'call': {
      const result = await clientOf(order.system).callTool(
        { name: order.name, arguments: order.arguments },
        {
          onprogress: (progress) => say({ progress }),
          timeout: 60_000,
          resetTimeoutOnProgress: true,
        },
      )
      return { result }
    }
  }
}

function clientOf(system: string): Client {
  const client = clients.get(system)
  if (client === undefined) throw new Error(`not connected to ${system}`)
  return client
}

function failure(error: unknown): AgentAnswer {
  if (error instanceof ProtocolError) {
    return { failed: { rpc: error.code, message: error.message, data: error.data ?? null } }
  }
  const { code, detail } = publicFault(error)
  const message = code === 'internal' && error instanceof Error ? error.message : detail
  return { failed: { rpc: 0, message, data: { code } } }
}

for await (const line of createInterface({ input: process.stdin })) {
  try {
    say({ done: await perform(JSON.parse(line) as AgentOrder) })
  } catch (error) {
    say(failure(error))
  }
}
await holder?.close()
process.exit(0)
