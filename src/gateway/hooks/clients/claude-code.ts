// Holds the reading of Claude Code's hooks: PreToolUse before a tool, PostToolUse and PostToolUseFailure after it.

import { saysFailure, toolEvent, type HookEvent, type ReadHook } from '../event.ts'

const OTHER: HookEvent = { phase: 'other' }

/** Tools of MCP servers are called `mcp__<server>__<tool>`: those are governed where they are called. */
function isForeign(tool: unknown): boolean {
  return typeof tool === 'string' && tool.startsWith('mcp__')
}

/** Reads a hook of Claude Code. */
export const readClaudeCode: ReadHook = (body) => {
  const { hook_event_name: event, tool_name: tool, tool_input: input, tool_use_id: use } = body
  if (typeof event !== 'string') return { unreadable: 'the hook does not say which event it is' }
  const after = event === 'PostToolUse' || event === 'PostToolUseFailure'
  if ((event !== 'PreToolUse' && !after) || isForeign(tool)) return OTHER
  const failed = event === 'PostToolUseFailure' || saysFailure(body['tool_response'])
  return toolEvent(after ? 'after' : 'before', { tool, input, use, failed })
}
