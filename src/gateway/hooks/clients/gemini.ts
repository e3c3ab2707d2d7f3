// Holds the reading of Gemini CLI's hooks: BeforeTool and AfterTool.

import { saysFailure, toolEvent, type HookEvent, type ReadHook } from '../event.ts'

const OTHER: HookEvent = { phase: 'other' }

/** Reads a hook of Gemini CLI. A tool of an MCP server comes with where it is from, and is governed where it is called. */
export const readGemini: ReadHook = (body) => {
  const { hook_event_name: event, tool_name: tool, tool_input: input } = body
  if (typeof event !== 'string') return { unreadable: 'the hook does not say which event it is' }
  const foreign =
    body['mcp_context'] !== undefined || (typeof tool === 'string' && tool.startsWith('mcp_'))
  if ((event !== 'BeforeTool' && event !== 'AfterTool') || foreign) return OTHER
  const failed = saysFailure(body['tool_response'])
  return toolEvent(event === 'BeforeTool' ? 'before' : 'after', {
    tool,
    input,
    use: body['tool_use_id'],
    failed,
  })
}
