// Holds the methods about tasks of the protocol: governed calls, about tasks that the caller itself began.

import { isObject, type Json, type JsonObject } from '../../../std/json.ts'
import { RPC } from '../../../wire/mcp.ts'
import { badParams, refusal, type CallAnswer } from '../call-answer.ts'
import { governed } from '../governed.ts'
import type { MethodParts, Turn } from '../turn.ts'

/** `tasks/get`, `tasks/result`, `tasks/cancel`, `tasks/update`: one task by its id. */
export async function taskMethod(turn: Turn, parts: MethodParts): Promise<CallAnswer> {
  const { door, method, owner, params } = turn
  const { inputResponses, taskId } = params
  if (typeof taskId !== 'string') return badParams('params.taskId is no text', 'send params.taskId')
  const found = door.named(taskId)
  // To a system all callers may be one account: whose task it is is ours to know.
  if (found === undefined || !parts.tasks.owns(owner, found.system.name, found.own)) {
    return refusal(RPC.invalidParams, 'mcp.task', 'no task of that id was begun by this caller')
  }
  const { system, own } = found
  const responses = method === 'tasks/update' && isObject(inputResponses) ? { inputResponses } : {}
  const input: JsonObject = { taskId: own, ...responses }
  // The answers belong to the task, and are no retry of this request.
  const { inputResponses: _, ...rest } = params
  return governed({ ...turn, params: rest }, { system, action: method, input }, parts)
}

/** `tasks/list` of one system: of what it lists, what this caller began. */
export async function tasksList(turn: Turn, parts: MethodParts): Promise<CallAnswer> {
  const { door, owner, params } = turn
  const found = door.name === '' ? undefined : door.named(door.name)
  if (found === undefined) {
    return refusal(RPC.methodNotFound, 'mcp.method', 'tasks are listed by the system that has them')
  }
  const { system } = found
  const { cursor } = params
  const input: JsonObject = typeof cursor === 'string' ? { cursor } : {}
  const own = (task: Json): boolean =>
    isObject(task) &&
    typeof task['taskId'] === 'string' &&
    parts.tasks.owns(owner, system.name, task['taskId'])
  return governed(
    turn,
    {
      system,
      action: turn.method,
      input,
      onResult: (result) => ({
        ...result,
        tasks: Array.isArray(result['tasks']) ? result['tasks'].filter(own) : [],
      }),
    },
    parts,
  )
}
