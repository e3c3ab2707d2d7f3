// Holds the methods that are served: in which era, whether the spine judges them, and which file answers.

import type { Actor } from '../../wire/actor.ts'
import { LEGACY_ERA, MODERN_ERA } from '../../wire/mcp.ts'
import type { McpEra } from '../../wire/system.ts'
import type { CallAnswer } from './call-answer.ts'
import { completionMethod, promptMethod, resourceMethod } from './methods/call-method.ts'
import { discover, initialize, ping, setLevel } from './methods/lifecycle.ts'
import { listen } from './methods/listen.ts'
import { promptsList, templatesList, toolsList } from './methods/pinned-lists.ts'
import { resourcesList } from './methods/resources-list.ts'
import { taskMethod, tasksList } from './methods/tasks.ts'
import { toolsCall } from './methods/tools-call.ts'
import type { MethodParts, Turn } from './turn.ts'

/** What answers a method; undefined: it has answered by itself. */
export type Answering = (
  turn: Turn,
  parts: MethodParts,
  actor: Actor,
) => CallAnswer | undefined | Promise<CallAnswer | undefined>

/** A method that is served. */
export interface Method {
  readonly eras: readonly McpEra[]
  /** True for a call, which the spine judges whole, with its task; else the endpoint asks who it is and whether they are locked. */
  readonly governed: boolean
  readonly answer: Answering
}

const BOTH = [LEGACY_ERA, MODERN_ERA]
const LEGACY = [LEGACY_ERA]
const MODERN = [MODERN_ERA]

function call(eras: readonly McpEra[], answer: Answering): Method {
  return { eras, governed: true, answer }
}

function told(eras: readonly McpEra[], answer: Answering): Method {
  return { eras, governed: false, answer }
}

const METHODS: ReadonlyMap<string, Method> = new Map([
  ['initialize', told(LEGACY, initialize)],
  ['server/discover', told(MODERN, discover)],
  ['ping', told(LEGACY, ping)],
  ['logging/setLevel', told(LEGACY, setLevel)],
  ['tools/list', told(BOTH, toolsList)],
  ['tools/call', call(BOTH, toolsCall)],
  ['prompts/list', told(BOTH, promptsList)],
  ['prompts/get', call(BOTH, promptMethod)],
  ['resources/list', told(BOTH, resourcesList)],
  ['resources/templates/list', told(BOTH, templatesList)],
  ['resources/read', call(BOTH, resourceMethod)],
  ['resources/subscribe', call(LEGACY, resourceMethod)],
  ['resources/unsubscribe', call(LEGACY, resourceMethod)],
  ['subscriptions/listen', told(MODERN, listen)],
  ['completion/complete', call(BOTH, completionMethod)],
  ['tasks/get', call(BOTH, taskMethod)],
  ['tasks/result', call(LEGACY, taskMethod)],
  ['tasks/update', call(MODERN, taskMethod)],
  ['tasks/cancel', call(BOTH, taskMethod)],
  ['tasks/list', call(LEGACY, tasksList)],
])

/** The method of that name, as far as it is served in an era. */
export function methodOf(name: string, era: McpEra): Method | undefined {
  const method = METHODS.get(name)
  return method?.eras.includes(era) === true ? method : undefined
}
