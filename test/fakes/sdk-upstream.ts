// Holds an MCP server of revision 2026-07-28 alone, on the official SDK over standard streams; what it does stands in a journal.

import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'
import { join } from 'node:path'
import { McpServer } from '@modelcontextprotocol/server'
import { serveStdio, StdioServerTransport } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

/** A file that this process appends a line to for everything that reaches it. */
const journal = process.argv[2]!

function note(line: string): void {
  appendFileSync(journal, `${line}\n`)
}

function text(words: string): { content: [{ type: 'text'; text: string }] } {
  return { content: [{ type: 'text', text: words }] }
}

const reads = { readOnlyHint: true, openWorldHint: false }

function make(): McpServer {
  const server = new McpServer({ name: 'probe', version: '1.0.0' })
  server.registerTool(
    'echo',
    { inputSchema: z.object({ text: z.string() }), annotations: reads },
    ({ text: words }) => {
      note(`echo ${words}`)
      return text(words)
    },
  )
  server.registerTool(
    'weather',
    {
      inputSchema: z.object({ city: z.string() }),
      outputSchema: z.object({ city: z.string(), degrees: z.number() }),
      annotations: reads,
    },
    ({ city }) => {
      const structuredContent = { city, degrees: 21.5 }
      return { ...text(JSON.stringify(structuredContent)), structuredContent }
    },
  )
  // Goes on until it is cancelled; tells progress as fast as it is read.
  server.registerTool('work', { inputSchema: z.object({ name: z.string() }) }, (input, ctx) => {
    const { mcpReq } = ctx
    const progressToken = mcpReq._meta?.progressToken
    note(`work ${input.name} pid ${process.pid}`)
    return new Promise((resolve, reject) => {
      let progress = 0
      const timer = setInterval(() => {
        progress++
        if (progressToken === undefined) return
        const params = { progressToken, progress, message: `${input.name} ${progress}` }
        mcpReq.notify({ method: 'notifications/progress', params }).catch(reject)
      }, 20)
      mcpReq.signal.addEventListener('abort', () => {
        clearInterval(timer)
        note(`cancelled ${input.name}`)
        resolve(text('cancelled'))
      })
    })
  })
  server.registerTool('fail', { inputSchema: z.object({}) }, () => ({
    ...text('it did not work'),
    isError: true,
  }))
  server.registerTool('break', { inputSchema: z.object({}) }, () => {
    throw new Error('thrown inside')
  })
  server.registerTool('secret', { inputSchema: z.object({}) }, () =>
    text(`the token is ${process.env['PROBE_TOKEN']}, the rest ${Object.keys(process.env).join()}`),
  )
  const count = z.object({ n: z.int() })
  server.registerTool('count', { inputSchema: count, annotations: reads }, ({ n }) => {
    note(`count ${n}`)
    return text(String(n))
  })
  // Never listed to anybody whose policy does not name it.
  server.registerTool('hidden', { inputSchema: z.object({}) }, () => {
    note('hidden')
    return text('seen')
  })
  return server
}

/**
 * A folder in which a file of our pid's name gets every line that arrives, written by a process outside our group: it
 * outlives us, and reads what we were too dead to.
 */
const tap = process.argv[3]
if (tap === undefined) serveStdio(make, { legacy: 'reject' })
else {
  const stdio = ['inherit', 'pipe', 'inherit'] as const
  // `-p`: a reader that was killed does not end it.
  const tee = spawn('tee', ['-p', join(tap, String(process.pid))], {
    detached: true,
    stdio: [...stdio],
  })
  const transport = new StdioServerTransport(tee.stdout!, process.stdout)
  serveStdio(make, { legacy: 'reject', transport })
}
