// Holds what a client can be asked: which of its capabilities a question of a system needs, and what an answer has to be.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import type { AskRequests } from '../upstream/front.ts'

/** Questions at once, and how long a client has for them (ms). */
const QUESTIONS_LIMIT = 16
export const ANSWER_MS = 300_000

/** What we pass on of a client's capabilities: what it can be asked, and nothing that would make a promise of ours. */
export function askable(capabilities: Json | undefined): JsonObject {
  if (!isObject(capabilities)) return {}
  const { elicitation, roots, sampling } = capabilities
  return {
    ...(isObject(elicitation) && { elicitation: modes(elicitation) }),
    ...(isObject(roots) && { roots: {} }),
    ...(isObject(sampling) && {
      sampling: {
        ...(isObject(sampling['tools']) && { tools: {} }),
        ...(isObject(sampling['context']) && { context: {} }),
      },
    }),
  }
}

function modes(elicitation: JsonObject): JsonObject {
  return {
    ...(isObject(elicitation['form']) && { form: {} }),
    ...(isObject(elicitation['url']) && { url: {} }),
  }
}

/** True where a client that said this of itself can be asked. */
function canAsk(capabilities: JsonObject, method: string, params: JsonObject): boolean {
  const { elicitation, roots, sampling } = capabilities
  if (method === 'sampling/createMessage') return isObject(sampling)
  if (method === 'roots/list') return isObject(roots)
  if (method !== 'elicitation/create' || !isObject(elicitation)) return false
  if (params['mode'] === 'url') return isObject(elicitation['url'])
  // A client that names no mode at all means forms (MCP 2025-11-25, "Elicitation", Capabilities).
  return isObject(elicitation['form']) || !isObject(elicitation['url'])
}

/** Why these cannot be asked of such a client; undefined: they can. */
export function cannotAsk(capabilities: JsonObject, requests: AskRequests): string | undefined {
  const questions = Object.values(requests)
  if (questions.length > QUESTIONS_LIMIT) return `more than ${QUESTIONS_LIMIT} things at once`
  const one = questions.find(({ method, params }) => !canAsk(capabilities, method, params))
  return one === undefined
    ? undefined
    : `${JSON.stringify(one.method.slice(0, 64))}, which this client did not say that it can do`
}
