// Holds what hooks of clients are answered with: one verdict in the words of each client, and the envelope that our own command reads. History: v1.

import { isObject, type Json, type JsonObject } from '../std/json.ts'
import type { HookClient } from './client.ts'

/** What is said of one use of a tool. */
export interface HookVerdict {
  /** `none`: it is none of ours, or only told afterwards. */
  readonly decision: 'allow' | 'deny' | 'none'
  /** Why it is denied, and what to do. For the agent and the person before it. */
  readonly reason?: string
}

/** What our own command is answered. */
export interface HookAnswer extends HookVerdict {
  /** What the client reads on standard output. */
  readonly reply: JsonObject
}

/** Asked for in `Accept`, the envelope comes in place of the client's own form. */
export const HOOK_MEDIA = 'application/vnd.bailiwick.hook+json'

function deniedInWordsOf(client: HookClient, reason: string): JsonObject {
  const specific = {
    hookEventName: 'PreToolUse',
    permissionDecision: 'deny',
    permissionDecisionReason: reason,
  }
  switch (client) {
    case 'claude-code':
    case 'codex':
      return { hookSpecificOutput: specific }
    case 'vscode':
      // The editor reads the first form, the command line of Copilot the second.
      return {
        hookSpecificOutput: specific,
        permissionDecision: 'deny',
        permissionDecisionReason: reason,
      }
    case 'cursor':
      return { permission: 'deny', user_message: reason, agent_message: reason }
    case 'gemini':
      return { decision: 'deny', reason }
  }
}

/**
 * A verdict as a client reads it. What is allowed is no opinion (`{}`): the person's own questions and rules stay in force, and a hook
 * of ours never opens what they would have closed.
 */
export function replyOf(client: HookClient, { decision, reason }: HookVerdict): JsonObject {
  if (decision !== 'deny') return client === 'cursor' ? { permission: 'allow' } : {}
  return deniedInWordsOf(client, reason ?? 'denied')
}

/** Reads the envelope; undefined for what is none, which counts as a failure. */
export function readHookAnswer(value: Json): HookAnswer | undefined {
  if (!isObject(value)) return undefined
  const { decision, reason, reply } = value
  if (decision !== 'allow' && decision !== 'deny' && decision !== 'none') return undefined
  if (!isObject(reply) || (reason !== undefined && typeof reason !== 'string')) return undefined
  return { decision, reply, ...(reason !== undefined && { reason }) }
}
