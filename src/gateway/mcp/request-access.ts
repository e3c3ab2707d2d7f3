// Holds our own tool: an agent asks people for what it will need for its task, before it needs it, with a reason. It can only ask (INV-9).

import { rfc3339 } from '../../std/clock.ts'
import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { emptyObject, RPC } from '../../wire/mcp.ts'
import { saidInMessage } from '../../wire/said.ts'
import type { Actor } from '../../wire/actor.ts'
import { isMethod } from '../upstream/methods.ts'
import type { Asked } from '../ask-ahead.ts'
import { badParams, denialError, refusal, type CallAnswer } from './call-answer.ts'
import type { Door } from './door.ts'
import { dressed } from './dress.ts'
import type { MethodParts, Turn } from './turn.ts'

/** Its name: no joined name is without two underscores, and a system that has a tool of this name keeps it at its own endpoint. */
const ACCESS_TOOL = 'bailiwick_request_access'

const DESCRIPTION =
  'Ask people ahead for calls that policy would hold for a person, for the task at hand, so that they go on without waiting later. ' +
  'Say which tool, with which arguments, how far these may differ, how many calls, for how many minutes, and why. Asking the same again tells what became of it.'

/** Minutes and calls where nothing is said. */
const MINUTES = 60
const CALLS = 1
const MOST_TEXT = 500

const SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: ['tool', 'reason'],
  properties: {
    tool: {
      type: 'string',
      description: 'the tool that will be called, by the name that it has here',
    },
    arguments: { type: 'object', description: 'the arguments that it will be called with' },
    loosen: {
      type: 'array',
      maxItems: 16,
      items: { type: 'string', maxLength: 2_000 },
      description: 'arguments that may differ: "/path=*", "/path<=5000" or "/path in ["a","b"]"',
    },
    count: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      description: 'how many calls; 1 if left out',
    },
    minutes: {
      type: 'integer',
      minimum: 1,
      maximum: 10_080,
      description: 'for how long; 60 if left out',
    },
    reason: {
      type: 'string',
      minLength: 1,
      maxLength: MOST_TEXT,
      description: 'why, in one sentence: people read it',
    },
    wait: { type: 'boolean', description: 'true: wait for the answer as long as one request may' },
  },
}

/** As it is listed to whoever works on a task: what it asks for is for that. */
export function accessListed(actor: Actor, door: Door): JsonObject | undefined {
  if (actor.task === undefined || hasOwn(door)) return undefined
  return {
    name: ACCESS_TOOL,
    title: 'Ask people ahead',
    description: DESCRIPTION,
    inputSchema: structuredClone(SCHEMA) as unknown as JsonObject,
    annotations: { readOnlyHint: false, destructiveHint: false, openWorldHint: false },
  }
}

/** True where a tool that is called is ours. */
export function isAccessTool(name: Json | undefined, door: Door): boolean {
  return name === ACCESS_TOOL && !hasOwn(door)
}

function hasOwn(door: Door): boolean {
  const own = door.named(ACCESS_TOOL)
  return own?.system.actions.some(({ name }) => name === ACCESS_TOOL) ?? false
}

/** What a caller asks for. */
interface Wanted {
  readonly tool: string
  readonly input: JsonObject
  readonly loosen: readonly string[]
  readonly count: number
  readonly minutes: number
  readonly why: string
  readonly waits: boolean
}

/** Answers a call of the tool. */
export async function requestAccess(turn: Turn, parts: MethodParts): Promise<CallAnswer> {
  const { door, era, exchange, id, params, session } = turn
  const given = params['arguments']
  const wanted = readWanted(given === undefined ? emptyObject() : given)
  if (typeof wanted === 'string') return badParams(wanted, 'look at the schema of the tool')
  const found = door.named(wanted.tool)
  if (found === undefined) {
    return refusal(RPC.invalidParams, 'mcp.name', 'there is no tool of that name here')
  }
  const { headers } = exchange
  const said = saidInMessage(params, id, headers)
  const { count, loosen, minutes, why } = wanted
  const { system, own } = found
  const asked = await parts.governor.request(
    {
      presented: exchange.presented,
      network: { listener: exchange.listener, address: exchange.place },
      system: system.name,
      action: isMethod(own) ? `tool ${own}` : own,
      input: wanted.input,
      protocol: `mcp ${session?.terms.version ?? era}`,
      ...(session !== undefined && { session: session.mark }),
      said: session?.client === undefined ? said : { client: session.client, ...said },
      control: exchange.control,
      leavingCancels: true,
      patienceMs: () => 0,
    },
    {
      terms: { count, forMs: minutes * 60_000, loosen },
      why,
      waitMs: wanted.waits ? parts.holdMs : 0,
    },
  )
  if (asked.kind === 'denied') {
    const { retryAfterMs } = asked.denial
    const error = denialError(asked.denial, asked.call)
    return { error, ...(retryAfterMs !== undefined && { retryAfterMs }) }
  }
  if (asked.kind === 'held') throw new TypeError('what is asked ahead is never held')
  return { result: dressed(era, 'tools/call', door.info, resultOf(asked)) }
}

/** What is asked for, or what is wrong with it. The reason's own bounds are the authority's to check. */
function readWanted(given: Json): Wanted | string {
  if (!isObject(given)) return 'arguments is no object'
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(SCHEMA.properties, key))
  if (unknown !== undefined)
    return `arguments has a member that is not known: ${unknown.slice(0, 64)}`
  const { tool, reason, loosen = [], count = CALLS, minutes = MINUTES, wait = false } = given
  const input = given['arguments'] ?? emptyObject()
  if (typeof tool !== 'string') return 'arguments.tool is no text'
  if (!isObject(input)) return 'arguments.arguments is no object'
  if (typeof reason !== 'string' || reason.trim() === '' || reason.length > MOST_TEXT) {
    return `arguments.reason is no text of 1 to ${MOST_TEXT} characters`
  }
  if (!Array.isArray(loosen) || !loosen.every((one) => typeof one === 'string')) {
    return 'arguments.loosen is no list of texts'
  }
  if (!isWhole(count) || !isWhole(minutes)) return 'count and minutes are whole numbers from 1'
  if (typeof wait !== 'boolean') return 'arguments.wait is neither true nor false'
  const texts = loosen.slice(0, SCHEMA.properties.loosen.maxItems + 1)
  return { tool, input, loosen: texts, count, minutes, why: reason.trim(), waits: wait }
}

function isWhole(value: Json): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}

const WORDS: Readonly<Record<Asked['state'], string>> = {
  not_needed: 'Nobody needs to be asked: make the call.',
  approved: 'People agreed: such calls go on for this task, as far as was agreed. Make the call.',
  pending:
    'People are asked. Go on with other work, and ask the same again to learn what became of it, or make the call: it is held if nobody has agreed by then.',
}

function resultOf({ state, approval }: Asked): JsonObject {
  const told: JsonObject = {
    state,
    ...(approval !== undefined && {
      approval: approval.id,
      url: approval.url,
      expires_at: rfc3339(approval.expiresAt),
    }),
  }
  const text = approval === undefined ? WORDS[state] : `${WORDS[state]} ${approval.url}`
  return { content: [{ type: 'text', text }], structuredContent: told }
}
