// Holds how far a system has moved from what was pinned, and which calls stop at that.

import type { JsonObject } from '../../std/json.ts'
import { isObject } from '../../std/json.ts'
import type { Difference } from './difference.ts'

/** What of a system is not as it was pinned. */
export interface Drift {
  /** True where it is not the server that a person looked at, or tells its agents something else: nothing of it goes on. */
  readonly whole: boolean
  /** Names of actions that changed, that came or that went. */
  readonly actions: ReadonlySet<string>
  /** Names of prompts, the same. */
  readonly prompts: ReadonlySet<string>
}

/** Names of each kind that a drift holds; beyond, it is whole. */
const MAX_NAMES = 20_000

/** What stops at these differences; undefined where nothing does. */
export function driftOf(found: readonly Difference[]): Drift | undefined {
  const actions = new Set<string>()
  const prompts = new Set<string>()
  let whole = found.length > MAX_NAMES
  for (const { part, name = '', fields } of found.slice(0, MAX_NAMES)) {
    switch (part) {
      case 'identity':
      case 'instructions':
        whole = true
        break
      case 'server':
        whole ||= fields.some(({ field }) => field === 'name')
        break
      case 'tool':
      case 'method':
        actions.add(name)
        break
      case 'prompt':
        prompts.add(name)
        break
      case 'template':
        actions.add('resources/templates/list')
        break
      case 'capabilities':
        // What they lead to is told as methods that came or went.
        break
    }
  }
  // The names of prompts are in the schema of the method: what changed of it is told prompt by prompt.
  if (prompts.size > 0) actions.delete('prompts/get')
  return whole || actions.size > 0 || prompts.size > 0 ? { whole, actions, prompts } : undefined
}

/** The prompt that a call of a method is about. */
function promptOf(action: string, input: JsonObject): string | undefined {
  const of = action === 'prompts/get' ? input : input['ref']
  const name = isObject(of) ? of['name'] : undefined
  return typeof name === 'string' ? name : undefined
}

/** True where a call of this action does not go on. Prompts are judged one by one. */
export function drifted(drift: Drift | undefined, action: string, input?: JsonObject): boolean {
  if (drift === undefined) return false
  if (drift.whole || drift.actions.has(action)) return true
  if (drift.prompts.size === 0 || input === undefined) return false
  if (action !== 'prompts/get' && action !== 'completion/complete') return false
  const prompt = promptOf(action, input)
  return prompt !== undefined && drift.prompts.has(prompt)
}
