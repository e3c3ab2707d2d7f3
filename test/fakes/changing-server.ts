// Holds an MCP server over standard streams that is whatever a file says at the moment; run as a process of its own.

import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'

/** What it shows of itself. */
export interface Shown {
  readonly tools: readonly object[]
  readonly prompts?: readonly object[]
  readonly instructions?: string
  readonly server?: { readonly name: string; readonly version: string }
}

const [file = ''] = process.argv.slice(2)

function shown(): Shown {
  return JSON.parse(readFileSync(file, 'utf8')) as Shown
}

function send(message: object): void {
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
}

function answer(method: string, params: { readonly name?: string } = {}): object | undefined {
  const { tools, prompts, instructions, server = { name: 'changing', version: '1' } } = shown()
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: {
          tools: { listChanged: true },
          ...(prompts !== undefined && { prompts: {} }),
        },
        serverInfo: server,
        ...(instructions !== undefined && { instructions }),
      }
    case 'tools/list':
      return { tools }
    case 'prompts/list':
      return { prompts }
    case 'prompts/get':
      return { messages: [{ role: 'user', content: { type: 'text', text: `got ${params.name}` } }] }
    case 'tools/call':
      return { content: [{ type: 'text', text: `did ${params.name}` }] }
    case 'ping':
      return {}
    default:
      return undefined
  }
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, method, params } = JSON.parse(line) as {
    readonly id?: number
    readonly method: string
    readonly params?: { readonly name?: string }
  }
  if (id === undefined) return
  // What is called so that it shows something else from now on says so, as a server does that changes while it runs.
  if (method === 'tools/call' && params?.name === 'announce') {
    send({ method: 'notifications/tools/list_changed' })
  }
  const result = answer(method, params)
  send(result === undefined ? { id, error: { code: -32601, message: 'no' } } : { id, result })
})
