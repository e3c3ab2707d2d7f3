// Holds `resources/list`: a governed call of one system, or of every system that the caller may list at the joined endpoint.

import type { Json, JsonObject } from '../../../std/json.ts'
import { isObject } from '../../../std/json.ts'
import { RPC } from '../../../wire/mcp.ts'
import type { Actor } from '../../../wire/actor.ts'
import type { SystemDefinition } from '../../../wire/system.ts'
import { CallControl, CallEnd } from '../../call.ts'
import { refusal, type CallAnswer } from '../call-answer.ts'
import { dressed } from '../dress.ts'
import { governed, governedAmong } from '../governed.ts'
import { mayCallOf } from '../may-call.ts'
import type { MethodParts, Turn } from '../turn.ts'

const METHOD = 'resources/list'
/** How long the joined list waits for one system (ms): what is slow is left out, and said to be. */
const SYSTEM_MS = 10_000
const LEFT_OUT = 'dev.bailiwick/left_out'

/** Lists resources. */
export async function resourcesList(
  turn: Turn,
  parts: MethodParts,
  actor: Actor,
): Promise<CallAnswer> {
  const { door, owner, params } = turn
  const { cursor } = params
  const place =
    typeof cursor === 'string' ? parts.cursors.read(owner, `${door.name} ${METHOD}`, cursor) : {}
  if (place === undefined || (cursor !== undefined && typeof cursor !== 'string')) {
    return refusal(RPC.invalidParams, 'mcp.cursor', 'the cursor is none of this list')
  }
  return door.name === ''
    ? joined(turn, parts, actor, place)
    : single(turn, parts, door.name, place['next'])
}

async function single(
  turn: Turn,
  parts: MethodParts,
  name: string,
  next: Json | undefined,
): Promise<CallAnswer> {
  const found = turn.door.named(name)
  if (found === undefined) throw new TypeError('the door of a system leads to it')
  return governed(
    turn,
    {
      system: found.system,
      action: METHOD,
      input: typeof next === 'string' ? { cursor: next } : {},
      onResult: ({ nextCursor, ...result }) => ({
        ...result,
        ...(typeof nextCursor === 'string' && {
          nextCursor: parts.cursors.make(turn.owner, `${name} ${METHOD}`, { next: nextCursor }),
        }),
      }),
    },
    parts,
  )
}

/** A system and where its list goes on. */
interface Step {
  readonly system: SystemDefinition
  readonly cursor?: string
}

function stepsOf(turn: Turn, parts: MethodParts, actor: Actor, place: JsonObject): Step[] {
  const { rest } = place
  const may = (system: SystemDefinition): boolean => {
    const list = system.actions.find((action) => action.name === METHOD)
    return list !== undefined && mayCallOf(actor, system, parts.ports)(list)
  }
  if (rest === undefined) {
    return [...turn.door.systems(actor)].filter(may).map((system) => ({ system }))
  }
  if (!isObject(rest)) return []
  return Object.entries(rest).flatMap(([name, cursor]) => {
    const system = parts.ports.systems.get(name)
    return system !== undefined && typeof cursor === 'string' ? [{ system, cursor }] : []
  })
}

async function joined(
  turn: Turn,
  parts: MethodParts,
  actor: Actor,
  place: JsonObject,
): Promise<CallAnswer> {
  const { door, era, exchange, owner } = turn
  const steps = stepsOf(turn, parts, actor, place)
  const answers = await Promise.all(steps.map((step) => oneOf(turn, parts, step, exchange.control)))
  const resources: Json[] = []
  const rest: JsonObject = {}
  const leftOut: string[] = []
  for (const [index, answer] of answers.entries()) {
    const name = steps[index]!.system.name
    if (answer === undefined || 'error' in answer) {
      leftOut.push(name)
      continue
    }
    const { nextCursor, resources: listed } = answer.result
    if (Array.isArray(listed)) resources.push(...listed)
    if (typeof nextCursor === 'string') rest[name] = nextCursor
  }
  const list = ` ${METHOD}`
  const result: JsonObject = {
    resources,
    ...(Object.keys(rest).length > 0 && { nextCursor: parts.cursors.make(owner, list, { rest }) }),
    ...(leftOut.length > 0 && { _meta: { [LEFT_OUT]: leftOut } }),
  }
  return { result: dressed(era, METHOD, door.info, result) }
}

/** One system's part; undefined where it took too long. */
async function oneOf(
  turn: Turn,
  parts: MethodParts,
  { system, cursor }: Step,
  outer: CallControl,
): Promise<CallAnswer | undefined> {
  const control = new CallControl()
  const onEnd = (): void => control.end(outer.ended ?? new CallEnd('call.cancelled', 'it ended'))
  const onLeft = (): void => control.left()
  outer.signal.addEventListener('abort', onEnd)
  outer.leftSignal.addEventListener('abort', onLeft)
  const timer = setTimeout(
    () => control.end(new CallEnd('call.cancelled', `no list within ${SYSTEM_MS} ms`)),
    SYSTEM_MS,
  )
  try {
    const input = cursor === undefined ? {} : { cursor }
    const wanted = { system, action: METHOD, input }
    const gaveUp = new Promise<undefined>((resolve) =>
      control.signal.addEventListener('abort', () => resolve(undefined)),
    )
    return await Promise.race([governedAmong(turn, wanted, parts, control), gaveUp])
  } finally {
    clearTimeout(timer)
    outer.signal.removeEventListener('abort', onEnd)
    outer.leftSignal.removeEventListener('abort', onLeft)
  }
}
