// Holds `tools/call`: one governed call of one pinned tool.

import { isObject, type JsonObject } from '../../../std/json.ts'
import { emptyObject, MODERN_ERA, RPC } from '../../../wire/mcp.ts'
import { isMethod } from '../../upstream/methods.ts'
import { badParams, refusal, type CallAnswer } from '../call-answer.ts'
import { governed } from '../governed.ts'
import { isAccessTool, requestAccess } from '../request-access.ts'
import { paramHeaderProblem } from '../param-headers.ts'
import type { MethodParts, Turn } from '../turn.ts'

/** The longest life that a task is asked for (ms). */
const LONGEST_TASK_MS = 86_400_000

/** Calls a tool. */
export async function toolsCall(turn: Turn, parts: MethodParts): Promise<CallAnswer> {
  const { door, era, exchange, owner, params } = turn
  const { name, arguments: given, task } = params
  if (typeof name !== 'string') return badParams('params.name is no text')
  if (isAccessTool(name, door)) return requestAccess(turn, parts)
  if (given !== undefined && !isObject(given)) return badParams('params.arguments is no object')
  const found = door.named(name)
  if (found === undefined) {
    return refusal(RPC.invalidParams, 'mcp.name', `there is no tool ${shown(name)} here`)
  }
  const { system, own } = found
  const input = given ?? emptyObject()
  const action = system.actions.find((candidate) => candidate.name === own)
  if (era === MODERN_ERA && action !== undefined) {
    const problem = paramHeaderProblem(action, input, exchange.headers)
    if (problem !== undefined) return refusal(RPC.headerMismatch, 'mcp.headers', problem, 400)
  }
  const asTask = isObject(task) && action?.taskSupport !== undefined ? taskTerms(task) : undefined
  return governed(
    turn,
    {
      system,
      // Methods of the protocol are actions as well, and are reached by themselves alone: no tool has such a name.
      action: isMethod(own) ? `tool ${own}` : own,
      input,
      task: asTask,
      onResult: (result) => {
        const id = isObject(result['task']) ? result['task']['taskId'] : result['taskId']
        const begun = asTask !== undefined || result['resultType'] === 'task'
        if (begun && typeof id === 'string') parts.tasks.began(owner, system.name, id)
        return result
      },
    },
    parts,
  )
}

/** What is passed on of what a client wants of a task: how long it is kept, within reason. */
function taskTerms({ ttl }: JsonObject): JsonObject {
  if (typeof ttl !== 'number' || !Number.isInteger(ttl) || ttl < 0) return {}
  return { ttl: Math.min(ttl, LONGEST_TASK_MS) }
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64))
}
