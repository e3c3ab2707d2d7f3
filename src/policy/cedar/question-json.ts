// Holds the reading of a question in the library's JSON: entities with all that stands above them, and the context.

import type { CedarValueJson, EntityJson, TypeAndId } from '@cedar-policy/cedar-wasm/nodejs'
import type { Entities, Entity } from './entities.ts'
import { uidOf, type Frame } from './expression.ts'
import { fromJson } from './literal.ts'
import { LazyRecord } from './record.ts'
import type { CedarRecord } from './value.ts'

/** A question as the library takes it. */
export interface QuestionJson {
  readonly principal: TypeAndId
  readonly action: TypeAndId
  readonly resource: TypeAndId
  readonly context: Readonly<Record<string, CedarValueJson>>
  readonly entities: readonly EntityJson[]
}

/** A record whose attributes are read when they are asked for. */
function record(json: Readonly<Record<string, CedarValueJson>>): CedarRecord {
  const makers = Object.entries(json).map(([name, value]) => [name, () => fromJson(value)] as const)
  return new LazyRecord(new Map(makers))
}

/** Reads entities: the parents that each names, and theirs. */
export function entitiesFromJson(json: readonly EntityJson[]): Entities {
  const parents = new Map(
    json.map(({ uid, parents: named }) => [uidOf(uid).key, named.map((p) => uidOf(p).key)]),
  )
  const above = (key: string): Set<string> => {
    const seen = new Set<string>()
    const open = [...(parents.get(key) ?? [])]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      open.push(...(parents.get(next) ?? []))
    }
    return seen
  }
  return new Map(
    json.map((each): [string, Entity] => {
      const uid = uidOf(each.uid)
      const entity: Entity = {
        uid,
        above: above(uid.key),
        attributes: record(each.attrs),
        tags: record(each.tags ?? {}),
      }
      return [uid.key, entity]
    }),
  )
}

/** Reads a question. */
export function frameFromJson(json: QuestionJson): Frame {
  return {
    principal: uidOf(json.principal),
    action: uidOf(json.action),
    resource: uidOf(json.resource),
    context: record(json.context),
    entities: entitiesFromJson(json.entities),
  }
}
