// Holds the bare upstream: an MCP server on standard streams that does nothing but answer, at once, with about 500 bytes.
// It is no example of a server: a real one, on the official SDK, costs more than everything else that is measured here.

import { RECORD_TEXT, TOOLS } from './tools.ts'

const RESULT = JSON.stringify({ content: [{ type: 'text', text: RECORD_TEXT }] })

function answer(line: string): string {
  const { id, method } = JSON.parse(line) as { id?: number; method: string }
  if (id === undefined) return ''
  return `{"jsonrpc":"2.0","id":${id},${outcome(method)}}\n`
}

function outcome(method: string): string {
  switch (method) {
    case 'tools/call':
      return `"result":${RESULT}`
    case 'tools/list':
      return `"result":${JSON.stringify({ tools: TOOLS })}`
    case 'initialize': {
      const serverInfo = { name: 'bare-upstream', version: '1' }
      const capabilities = { tools: {} }
      return `"result":${JSON.stringify({ protocolVersion: '2025-11-25', capabilities, serverInfo })}`
    }
    default:
      return '"error":{"code":-32601,"message":"not served"}'
  }
}

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  // One write for what one read brought: both ends of a measurement are as cheap as they can be.
  process.stdout.write(lines.map(answer).join(''))
})
process.stdin.on('end', () => process.exit(0))
