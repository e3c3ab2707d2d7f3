// Holds the methods that are one governed call each: what of their params is the call, and whose system it is of.

import { isObject, type JsonObject } from '../../../std/json.ts'
import { RPC } from '../../../wire/mcp.ts'
import { badParams, refusal, type CallAnswer } from '../call-answer.ts'
import type { Door, Found } from '../door.ts'
import { governed } from '../governed.ts'
import type { MethodParts, Turn } from '../turn.ts'

/** What a method reads from its params: the system, and the input with the names of the system's own; or what is wrong. */
interface Target {
  readonly system: Found['system']
  readonly input: JsonObject
}

type Aim = (params: JsonObject, door: Door) => Target | CallAnswer

function nowhere(what: string): CallAnswer {
  return refusal(RPC.invalidParams, 'mcp.name', `${what} is of no system here`)
}

function byUri(params: JsonObject, door: Door): Target | CallAnswer {
  const { uri } = params
  if (typeof uri !== 'string') return badParams('params.uri is no text', 'send params.uri')
  const found = door.addressed(uri)
  return found === undefined
    ? nowhere('the resource')
    : { system: found.system, input: { uri: found.own } }
}

function byPrompt(params: JsonObject, door: Door): Target | CallAnswer {
  const { name, arguments: given } = params
  if (typeof name !== 'string') return badParams('params.name is no text')
  if (given !== undefined && !isObject(given)) return badParams('params.arguments is no object')
  const found = door.named(name)
  if (found === undefined) return nowhere('the prompt')
  const input = { name: found.own, ...(given !== undefined && { arguments: given }) }
  return { system: found.system, input }
}

function byReference(params: JsonObject, door: Door): Target | CallAnswer {
  const { argument, context, ref } = params
  if (!isObject(ref) || !isObject(argument)) {
    return badParams(
      'params.ref or params.argument is no object',
      'send params.ref and params.argument',
    )
  }
  const { name, uri } = ref
  const prompt = ref['type'] === 'ref/prompt'
  const shown = prompt ? name : uri
  if (typeof shown !== 'string') return badParams('params.ref names nothing', 'send params.ref')
  const found = prompt ? door.named(shown) : door.addressed(shown)
  if (found === undefined) return nowhere('what params.ref names')
  const own = prompt ? { name: found.own } : { uri: found.own }
  const input = { ref: { ...ref, ...own }, argument, ...(context !== undefined && { context }) }
  return { system: found.system, input }
}

/** `resources/read`, `resources/subscribe` and the like: a resource by its address. */
export const resourceMethod = calling(byUri)
/** `prompts/get`. */
export const promptMethod = calling(byPrompt)
/** `completion/complete`. */
export const completionMethod = calling(byReference)

function calling(aim: Aim): (turn: Turn, parts: MethodParts) => Promise<CallAnswer> {
  return async (turn, parts) => {
    const target = aim(turn.params, turn.door)
    if (!('input' in target)) return target
    return governed(turn, { ...target, action: turn.method }, parts)
  }
}
