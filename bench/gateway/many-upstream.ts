// Holds an MCP server of fifty tools, and of one that answers with a megabyte: what the lists and the large answers are measured on.

const name = process.argv[2] ?? 'many'
const TOOLS = Array.from({ length: 50 }, (_, at) => ({
  name: `tool_${at}`,
  description: `the tool ${at} of ${name}, which looks up what stands under a key and tells it`,
  inputSchema: {
    type: 'object',
    properties: { key: { type: 'string' }, limit: { type: 'integer' } },
    required: ['key'],
  },
}))
const MEGABYTE =
  'A line of ordinary text that a report is made of, with nothing in it to be found. '
    .repeat(13_000)
    .slice(0, 1_048_576)
const RESULT = JSON.stringify({ content: [{ type: 'text', text: MEGABYTE }] })

function outcome(method: string): string {
  switch (method) {
    case 'tools/call':
      return `"result":${RESULT}`
    case 'tools/list':
      return `"result":${JSON.stringify({ tools: TOOLS })}`
    case 'initialize': {
      const serverInfo = { name, version: '1' }
      return `"result":${JSON.stringify({ protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo })}`
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
  for (const line of lines) {
    const { id, method } = JSON.parse(line) as { id?: number; method: string }
    if (id !== undefined) process.stdout.write(`{"jsonrpc":"2.0","id":${id},${outcome(method)}}\n`)
  }
})
process.stdin.on('end', () => process.exit(0))
