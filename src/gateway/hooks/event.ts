// Holds what clients tell of their tools, in one form: which tool, with what, before or after.

import { emptyObject } from '../../wire/mcp.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'

/** One event of a client. */
export type HookEvent =
  /** A tool is about to be used. */
  | {
      readonly phase: 'before'
      readonly tool: string
      readonly input: JsonObject
      /** The client's own id of this use; absent: it gives none. */
      readonly use?: string
    }
  /** A tool was used. */
  | {
      readonly phase: 'after'
      readonly tool: string
      readonly use?: string
      readonly failed: boolean
    }
  /** None of ours: another event, or a tool of an MCP server, which is governed where it is called. */
  | { readonly phase: 'other' }

/** Why an event cannot be read. Quotes nothing of it. */
export interface Unreadable {
  readonly unreadable: string
}

/** Reads the body of one client's hook. Pure and total. */
export type ReadHook = (body: JsonObject) => HookEvent | Unreadable

const MAX_TOOL = 128
const MAX_USE = 256

/** A text of bounded length. */
function textOf(value: Json | undefined, most: number = MAX_USE): string | undefined {
  return typeof value === 'string' && value.length > 0 && value.length <= most ? value : undefined
}

/** An event before or after a tool. */
export function toolEvent(
  phase: 'before' | 'after',
  of: {
    readonly tool: Json | undefined
    readonly input: Json | undefined
    readonly use: Json | undefined
    readonly failed?: boolean
  },
): HookEvent | Unreadable {
  const tool = textOf(of.tool, MAX_TOOL)
  if (tool === undefined) return { unreadable: 'the hook names no tool' }
  const use = textOf(of.use)
  const named = use === undefined ? {} : { use }
  if (phase === 'after') return { phase, tool, ...named, failed: of.failed === true }
  if (of.input !== undefined && of.input !== null && !isObject(of.input)) {
    return { unreadable: 'the input of the tool is no object' }
  }
  return { phase, tool, input: of.input ?? emptyObject(), ...named }
}

/** True where a tool's answer says that it failed. */
export function saysFailure(response: Json | undefined): boolean {
  if (!isObject(response)) return false
  const { is_error: snake, isError: camel, success, error } = response
  return snake === true || camel === true || success === false || typeof error === 'string'
}
