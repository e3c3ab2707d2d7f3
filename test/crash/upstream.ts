// Holds a bare MCP server whose every execution is on disk before it is answered: what happened, whoever dies.

import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A file of this process's own in the folder that it is given. */
const journal = openSync(join(process.argv[2]!, String(process.pid)), 'a', 0o600)

interface Message {
  id?: number
  method?: string
  params?: { name?: string; arguments?: { id?: string } }
}

const inputSchema = { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }
const tools = ['append', 'gated', 'forbidden'].map((name) => ({ name, inputSchema }))

function answer({ id, method, params }: Message): object | undefined {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-11-25',
        capabilities: { tools: {} },
        serverInfo: { name: 'ledger', version: '1' },
      }
    case 'tools/list':
      return { tools }
    case 'tools/call':
      writeSync(journal, `${params?.name} ${params?.arguments?.id}\n`)
      fsyncSync(journal)
      return { content: [{ type: 'text', text: String(params?.arguments?.id) }] }
    default:
      return id === undefined ? undefined : { unknown: true }
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line) as Message
    if (message.id === undefined) return
    const result = answer(message)
    if (result === undefined) return
    const known = !('unknown' in result)
    const end = known ? { result } : { error: { code: -32601, message: 'method not found' } }
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...end })}\n`)
  })
  .on('close', () => closeSync(journal))
