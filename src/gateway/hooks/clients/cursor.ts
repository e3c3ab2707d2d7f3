// Holds the reading of Cursor's hooks: before and after tools, and before commands and files, each with a form of its own.

import { saysFailure, toolEvent, type HookEvent, type ReadHook } from '../event.ts'

const OTHER: HookEvent = { phase: 'other' }

/** Reads a hook of Cursor. Tools of MCP servers are governed where they are called. */
export const readCursor: ReadHook = (body) => {
  const { hook_event_name: event, tool_use_id: use } = body
  switch (event) {
    case 'preToolUse':
    case 'postToolUse':
    case 'postToolUseFailure': {
      const { tool_name: tool, tool_input: input } = body
      if (typeof tool === 'string' && /^(?:mcp__|MCP:)/.test(tool)) return OTHER
      const failed = event === 'postToolUseFailure' || saysFailure(body['tool_output'])
      return toolEvent(event === 'preToolUse' ? 'before' : 'after', { tool, input, use, failed })
    }
    case 'beforeShellExecution': {
      const { command = null, cwd } = body
      const input = { command, ...(cwd !== undefined && cwd !== '' && { cwd }) }
      return toolEvent('before', { tool: 'Shell', input, use })
    }
    case 'beforeReadFile': {
      const { file_path: path = null } = body
      return toolEvent('before', { tool: 'Read', input: { file_path: path }, use })
    }
    default:
      return typeof event === 'string'
        ? OTHER
        : { unreadable: 'the hook does not say which event it is' }
  }
}
