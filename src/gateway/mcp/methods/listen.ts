// Holds `subscriptions/listen` (2026-07-28): a stream on which a client is told of changes for as long as it keeps it open.

import { isObject, type Json, type JsonObject } from '../../../std/json.ts'
import { META, RPC } from '../../../wire/mcp.ts'
import type { Actor } from '../../../wire/actor.ts'
import { CallControl } from '../../call.ts'
import { badParams, refusal, type CallAnswer } from '../call-answer.ts'
import { shownAt } from '../capabilities.ts'
import { governedAmong } from '../governed.ts'
import { outwardNotice } from '../outward.ts'
import { EventStream } from '../stream.ts'
import type { MethodParts, Turn } from '../turn.ts'

const SUBSCRIPTION_ID = 'io.modelcontextprotocol/subscriptionId'
/** Resources that one stream is told of. */
const URIS_LIMIT = 256

/** The kinds of changes, by the field that asks for them. */
const CHANGES = {
  toolsListChanged: ['tools', 'notifications/tools/list_changed'],
  promptsListChanged: ['prompts', 'notifications/prompts/list_changed'],
  resourcesListChanged: ['resources', 'notifications/resources/list_changed'],
} as const

type Change = keyof typeof CHANGES

/** What a stream is told of, as it was agreed. */
interface Honoured {
  readonly methods: ReadonlySet<string>
  readonly uris: readonly string[]
  readonly said: JsonObject
}

function honoured(filter: JsonObject, capabilities: JsonObject): Honoured {
  const can = (kind: string, what: string): boolean => {
    const shown = capabilities[kind]
    return isObject(shown) && shown[what] === true
  }
  const changes = (Object.keys(CHANGES) as Change[]).filter(
    (change) => filter[change] === true && can(CHANGES[change][0], 'listChanged'),
  )
  const asked = filter['resourceSubscriptions']
  const uris =
    Array.isArray(asked) && can('resources', 'subscribe')
      ? asked.filter((uri): uri is string => typeof uri === 'string')
      : []
  return {
    methods: new Set(changes.map((change) => CHANGES[change][1])),
    uris,
    said: {
      ...Object.fromEntries(changes.map((change) => [change, true])),
      ...(uris.length > 0 && { resourceSubscriptions: [...uris] }),
    },
  }
}

/**
 * Opens the stream. Each resource is a governed call of `resources/subscribe`: those that are refused are not among what is
 * acknowledged. Resolves at the end of the stream, with nothing left to answer.
 */
export async function listen(
  turn: Turn,
  parts: MethodParts,
  actor: Actor,
): Promise<CallAnswer | undefined> {
  const filter = turn.params['notifications']
  if (!isObject(filter)) return badParams('params.notifications is no object', 'send a filter')
  const shown = shownAt(turn.door, actor, turn.era, true, parts.ports)
  const agreed = honoured(filter, shown.capabilities)
  if (agreed.uris.length > URIS_LIMIT) {
    return badParams(`more than ${URIS_LIMIT} resources`, 'listen on several streams')
  }
  if (turn.exchange.headers.accept?.includes('text/event-stream') !== true) {
    return badParams('a stream is not accepted', 'send Accept: application/json, text/event-stream')
  }
  const taken = await subscribed(turn, parts, agreed.uris)
  return opened(turn, parts, { ...agreed, uris: taken })
}

/** The resources that the caller may be told of, each asked for by a call of its own. */
async function subscribed(
  turn: Turn,
  parts: MethodParts,
  uris: readonly string[],
): Promise<string[]> {
  const taken: string[] = []
  for (const uri of new Set(uris)) {
    const found = turn.door.addressed(uri)
    if (found === undefined) continue
    const wanted = {
      system: found.system,
      action: 'resources/subscribe',
      input: { uri: found.own },
    }
    const call: Turn = { ...turn, method: 'resources/subscribe' }
    const answer = await governedAmong(call, wanted, parts, new CallControl())
    if ('result' in answer) taken.push(uri)
  }
  return taken
}

async function opened(
  turn: Turn,
  parts: MethodParts,
  { methods, said, uris }: Honoured,
): Promise<CallAnswer | undefined> {
  const { door, exchange, id, owner } = turn
  const over = Promise.withResolvers<undefined>()
  const tagged = (params: JsonObject): JsonObject => {
    const meta = params['_meta']
    return { ...params, _meta: { ...(isObject(meta) && meta), [SUBSCRIPTION_ID]: id } }
  }
  // Those who listen are known before the stream is open.
  const at: { stream?: EventStream } = {}
  const wants = (method: string, uri: Json | undefined): boolean =>
    method === 'notifications/resources/updated'
      ? typeof uri === 'string' && uris.includes(uri)
      : methods.has(method)
  const stop = parts.listeners.add({
    owner,
    system: door.name,
    uris,
    presented: exchange.presented,
    hear: (system, method, params) => {
      const found = parts.ports.systems.get(system)
      if (found === undefined) return
      const seen = outwardNotice(method, params, door.names(found))
      if (wants(method, seen['uri'])) {
        at.stream?.send({ jsonrpc: '2.0', method, params: tagged(seen) })
      }
    },
    end: () => at.stream?.end(ended()),
  })
  if (stop === undefined)
    return refusal(RPC.unavailable, 'mcp.streams', 'too many streams are open')
  const ended = (): JsonObject => ({
    jsonrpc: '2.0',
    id,
    result: {
      resultType: 'complete',
      _meta: { [SUBSCRIPTION_ID]: id, [META.serverInfo]: { ...door.info } },
    },
  })
  // From here on the response is the stream's, and no answer follows.
  exchange.reply.drop()
  const stream = new EventStream(exchange.response, () => {
    stop()
    void released(turn, parts, uris)
    over.resolve(undefined)
  })
  at.stream = stream
  const notifications = { ...said, ...(uris.length > 0 && { resourceSubscriptions: [...uris] }) }
  if (uris.length === 0) delete (notifications as JsonObject)['resourceSubscriptions']
  stream.send({
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: tagged({ notifications }),
  })
  if (methods.size === 0 && uris.length === 0) stream.end(ended())
  return over.promise
}

/** What no stream of the caller is told of any more is not asked for any more. */
async function released(turn: Turn, parts: MethodParts, uris: readonly string[]): Promise<void> {
  for (const uri of uris) {
    const found = turn.door.addressed(uri)
    if (found === undefined || parts.listeners.hearOf(turn.owner, turn.door.name, uri)) continue
    const action = 'resources/unsubscribe'
    const wanted = { system: found.system, action, input: { uri: found.own } }
    await governedAmong({ ...turn, method: action }, wanted, parts, new CallControl())
  }
}
