// Holds what a system says as a client of an endpoint is told it: the addresses of its resources under the names that the client knows.

import { isObject, type Json, type JsonObject } from '../../std/json.ts'
import { OWN_NAMES, type Naming } from './naming.ts'

function renamed(value: Json, names: Naming): Json {
  if (!isObject(value) || typeof value['uri'] !== 'string') return value
  return { ...value, uri: names.uri(value['uri']) }
}

/** A content block with the addresses in it renamed: a link to a resource, or a resource that is enclosed. */
function block(value: Json, names: Naming): Json {
  if (!isObject(value)) return value
  if (value['type'] === 'resource_link') return renamed(value, names)
  const { resource } = value
  if (value['type'] !== 'resource' || resource === undefined) return value
  return { ...value, resource: renamed(resource, names) }
}

function each(value: Json | undefined, one: (item: Json) => Json): { readonly list?: Json[] } {
  return Array.isArray(value) ? { list: value.map(one) } : {}
}

function message(value: Json, names: Naming): Json {
  if (!isObject(value) || value['content'] === undefined) return value
  return { ...value, content: block(value['content'], names) }
}

function task(value: Json, names: Naming): Json {
  if (!isObject(value) || typeof value['taskId'] !== 'string') return value
  return { ...value, taskId: names.name(value['taskId']) }
}

/** A result of a method with every name of the system's in it as the client knows it. */
export function outwardResult(result: JsonObject, names: Naming): JsonObject {
  if (names === OWN_NAMES) return result
  const { content, contents, messages, resources, task: begun, tasks } = result
  const parts = {
    content: each(content, (one) => block(one, names)).list,
    contents: each(contents, (one) => renamed(one, names)).list,
    messages: each(messages, (one) => message(one, names)).list,
    resources: each(resources, (one) => renamed(one, names)).list,
    tasks: each(tasks, (one) => task(one, names)).list,
  }
  const changed = Object.entries(parts).filter(([, list]) => list !== undefined)
  return {
    ...(task(result, names) as JsonObject),
    ...(Object.fromEntries(changed) as JsonObject),
    ...(begun !== undefined && { task: task(begun, names) }),
  }
}

/** The params of a notification, likewise. */
export function outwardNotice(method: string, params: JsonObject, names: Naming): JsonObject {
  if (names === OWN_NAMES) return params
  if (method === 'notifications/resources/updated') return renamed(params, names) as JsonObject
  return method === 'notifications/tasks/status' || method === 'notifications/tasks'
    ? (task(params, names) as JsonObject)
    : params
}
