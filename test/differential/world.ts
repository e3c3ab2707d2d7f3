// Holds generated worlds: a schema, entities with their hierarchy, policies, and requests to decide.

import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { Draw } from './draw.ts'
import { ACTIONS, drawPolicies, type SamplePolicies } from './policy.ts'
import { drawSchema, drawType, drawValue, ENTITY_TYPES, IDS, NAMES, type Schema } from './schema.ts'
import { jsonObject, jsonOf, type EntityName } from './value.ts'

/** A question. */
export interface SampleRequest {
  readonly principal: EntityName
  readonly action: EntityName
  readonly resource: EntityName
  readonly context: Record<string, CedarValueJson>
}

/** Everything that is asked of both sides at once. */
export interface World extends SamplePolicies {
  readonly entities: readonly EntityJson[]
  readonly requests: readonly SampleRequest[]
}

/** Requests of one world: what the library does once for a set is then shared by so many. */
export const REQUESTS = 10

function drawEntities(draw: Draw, schema: Schema): EntityJson[] {
  const names = draw.many(2, 12, (): EntityName => ({
    type: draw.pick(ENTITY_TYPES),
    id: draw.pick(IDS.slice(0, draw.oneIn(4) ? IDS.length : 4)),
  }))
  const unique = new Map(names.map((name) => [JSON.stringify(name), name]))
  const placed: EntityName[] = []
  const entities = [...unique.values()].map((uid): EntityJson => {
    // Parents come earlier (or are not there at all): nothing is above itself.
    const parents = draw.many(0, 3, () =>
      placed.length === 0 || draw.oneIn(8) ? { type: 'Group', id: 'nowhere' } : draw.pick(placed),
    )
    placed.push(uid)
    return {
      uid,
      attrs: drawAttributes(draw, schema, uid.type),
      parents,
      tags: drawTags(draw, schema, uid.type),
    }
  })
  const group = { type: 'Action', id: ACTIONS.at(-1)! }
  const actions = ACTIONS.slice(0, -1).map((id): EntityJson => ({
    uid: { type: 'Action', id },
    attrs: {},
    parents: draw.below(3) === 0 ? [] : [group],
  }))
  return [...entities, ...actions, { uid: group, attrs: {}, parents: [] }]
}

function drawAttributes(draw: Draw, schema: Schema, type: string): Record<string, CedarValueJson> {
  const { attributes } = schema.entities.get(type)!.shape
  const kept = [...attributes].filter(() => !draw.oneIn(8))
  return jsonObject(
    kept.map(([name, inner]) => {
      const actual = draw.oneIn(20) ? drawType(draw) : inner
      return [name, jsonOf(drawValue(draw, actual))]
    }),
  )
}

function drawTags(draw: Draw, schema: Schema, type: string): Record<string, CedarValueJson> {
  const { tags } = schema.entities.get(type)!
  const names = draw.many(0, 4, () => draw.pick(NAMES))
  return jsonObject(names.map((name) => [name, jsonOf(drawValue(draw, tags))]))
}

function drawRequest(draw: Draw, schema: Schema, entities: readonly EntityJson[]): SampleRequest {
  const named = entities.flatMap(({ uid }) =>
    'type' in uid && uid.type !== 'Action' ? [{ type: uid.type, id: uid.id }] : [],
  )
  const party = (): EntityName =>
    draw.oneIn(10) ? { type: draw.pick(ENTITY_TYPES), id: draw.pick(IDS) } : draw.pick(named)
  const context = jsonOf(drawValue(draw, schema.context))
  return {
    principal: party(),
    action: { type: 'Action', id: draw.oneIn(12) ? 'unheard of' : draw.pick(ACTIONS) },
    resource: party(),
    context: context as Record<string, CedarValueJson>,
  }
}

/** A world, as the tape has it. */
export function drawWorld(draw: Draw): World {
  const schema = drawSchema(draw)
  const entities = drawEntities(draw, schema)
  const requests = Array.from({ length: REQUESTS }, () => drawRequest(draw, schema, entities))
  return { ...drawPolicies(draw, schema), entities, requests }
}
