// Holds an MCP server of the kind that people write themselves: three tools over notes that live as long as it runs.

import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

const notes = new Map([['welcome', 'The first note.']])
const text = (value) => ({ content: [{ type: 'text', text: value }] })

function server() {
  const mcp = new McpServer({ name: 'notes', version: '1.0.0' })
  mcp.registerTool(
    'list_notes',
    {
      description: 'Names of all notes',
      annotations: { readOnlyHint: true, openWorldHint: false },
    },
    () => text([...notes.keys()].join('\n')),
  )
  mcp.registerTool(
    'add_note',
    {
      description: 'Writes a note',
      inputSchema: z.object({ name: z.string(), body: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
    },
    ({ name, body }) => {
      notes.set(name, body)
      return text(`wrote ${name}`)
    },
  )
  mcp.registerTool(
    'delete_note',
    {
      description: 'Deletes a note for good',
      inputSchema: z.object({ name: z.string() }),
      annotations: { readOnlyHint: false, destructiveHint: true, openWorldHint: false },
    },
    ({ name }) => text(notes.delete(name) ? `deleted ${name}` : `there is no ${name}`),
  )
  return mcp
}

await serveStdio(server)
