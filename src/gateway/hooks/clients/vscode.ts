// Holds the reading of the hooks of VS Code and of Copilot's command line: two spellings of one thing.

import { isObject, parseJson, type Json } from '../../../std/json.ts'
import { utf8 } from '../../../std/bytes.ts'
import { Fault } from '../../../std/fault.ts'
import { saysFailure, toolEvent, type HookEvent, type ReadHook } from '../event.ts'

const OTHER: HookEvent = { phase: 'other' }
const BEFORE = ['PreToolUse', 'preToolUse']
const AFTER = ['PostToolUse', 'postToolUse', 'postToolUseFailure']

/** Copilot's command line sends the arguments as a text of JSON; one that cannot be read is no object, and is refused as such. */
function argumentsOf(value: Json | undefined): Json | undefined {
  if (typeof value !== 'string') return value
  try {
    return parseJson(utf8(value))
  } catch (error) {
    if (error instanceof Fault) return 'unreadable'
    throw error
  }
}

/** The event, where it is said: Copilot's command line has one program for each event and says none. */
function phaseOf(event: Json | undefined, answered: boolean): 'before' | 'after' | undefined {
  if (event === undefined) return answered ? 'after' : 'before'
  if (BEFORE.some((name) => name === event)) return 'before'
  return AFTER.some((name) => name === event) ? 'after' : undefined
}

/** Reads a hook of VS Code or of Copilot. */
export const readVsCode: ReadHook = (body) => {
  const event = body['hook_event_name'] ?? body['hookEventName']
  const response = body['tool_response'] ?? body['toolResult']
  const phase = phaseOf(event, response !== undefined)
  const tool = body['tool_name'] ?? body['toolName']
  const foreign = typeof tool === 'string' && /^(?:mcp_|mcp__)/.test(tool)
  if (phase === undefined || foreign) return OTHER
  const input = argumentsOf(body['tool_input'] ?? body['toolArgs'])
  const use = body['tool_use_id'] ?? body['toolCallId']
  const failed =
    saysFailure(response) || (isObject(response) && response['resultType'] === 'failure')
  return toolEvent(phase, { tool, input, use, failed })
}
