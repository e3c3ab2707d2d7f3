// Holds how a server is described: every page of what it lists, read whole and bounded, for a person to pin and for us to compare.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { emptyObject } from '../../wire/mcp.ts'
import { gatewayFault } from '../faults.ts'
import type { Speaking } from './speaking.ts'
import { readPrompt, readTemplate, readTool, type Described } from './definition.ts'

/** Entries of one list, and pages of it. */
const MOST = 1_000
const PAGES = 100

/** Everything that it lists under one method. Throws `upstream.bad_answer` where that is no list, or is over the bounds. */
async function all<T extends { readonly digest: string }>(
  conversation: Pick<Speaking, 'ask'>,
  method: string,
  member: string,
  read: (entry: Json) => T | string,
): Promise<T[]> {
  const out: T[] = []
  let cursor: string | undefined
  for (let page = 0; page < PAGES; page++) {
    const params: JsonObject = cursor === undefined ? emptyObject() : { cursor }
    const answer = await conversation.ask(method, params)
    const entries = answer[member]
    if (!Array.isArray(entries)) {
      throw gatewayFault('upstream.bad_answer', `the system listed no ${member}`)
    }
    for (const entry of entries) {
      const one = read(entry)
      if (typeof one === 'string') {
        throw gatewayFault('upstream.bad_answer', `the system lists ${one}`)
      }
      out.push(one)
    }
    if (out.length > MOST) {
      throw gatewayFault('upstream.bad_answer', `the system lists more than ${MOST} ${member}`)
    }
    const next = answer['nextCursor']
    if (typeof next !== 'string') break
    cursor = next
  }
  return out
}

/** Refuses two of one name: which of them is meant by it, nobody could say. */
function single(names: readonly string[], what: string): void {
  if (new Set(names).size === names.length) return
  throw gatewayFault('upstream.bad_answer', `the system lists two ${what} of the same name`)
}

/** Asks for everything that its capabilities show. */
export async function describe(conversation: Speaking): Promise<Described> {
  const { era, server, instructions, capabilities } = conversation
  const { tools, prompts, resources } = capabilities
  const described: Described = {
    era,
    server,
    ...(instructions !== undefined && { instructions }),
    capabilities,
    // A server that says nothing of tools may have some all the same: older ones were not asked to say.
    tools:
      tools === undefined && (prompts !== undefined || resources !== undefined)
        ? []
        : await all(conversation, 'tools/list', 'tools', readTool),
    prompts: isObject(prompts)
      ? await all(conversation, 'prompts/list', 'prompts', readPrompt)
      : [],
    templates: isObject(resources)
      ? await all(conversation, 'resources/templates/list', 'resourceTemplates', readTemplate)
      : [],
  }
  single(
    described.tools.map(({ name }) => name),
    'tools',
  )
  single(
    described.prompts.map(({ name }) => name),
    'prompts',
  )
  return described
}
