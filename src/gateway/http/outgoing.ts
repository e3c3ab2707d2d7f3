// Holds the request that a system gets: written anew from the decided tree (INV-12), with the equipment of the call over it.

import { isObject, type JsonObject } from '../../std/json.ts'
import type { HttpBinding } from '../../wire/http-binding.ts'
import type { ApiTransport } from '../../wire/system.ts'
import type { Equipment } from '../equipment.ts'
import type { Outgoing } from '../net/line.ts'
import { basePath } from './address.ts'
import type { ReadBody } from './body-read.ts'
import { writeBody } from './body-write.ts'
import { writePairs, writeText } from './field.ts'
import { writeHeaders } from './headers.ts'
import { encode } from './percent.ts'
import type { UploadMeter } from './upload.ts'

/** What a request is written from. */
export interface OutgoingParts {
  /** GET, or HEAD in its place; else the method of the binding. */
  readonly method: string
  readonly binding: HttpBinding
  readonly transport: ApiTransport
  /** The decided tree. */
  readonly input: JsonObject
  readonly body: ReadBody
  readonly accept: string
  readonly equipment: Equipment
  readonly traceparent: string
  readonly tracestate: string
  readonly boundary: () => string
  readonly meter: UploadMeter
}

/** The request, and its URL. */
export async function outgoing(
  parts: OutgoingParts,
): Promise<Omit<Outgoing, 'signal'> & { readonly url: URL }> {
  const { binding, body, equipment, input, method, transport } = parts
  const query = [writePairs(input['query'], binding.query), keysOf(equipment)]
    .filter((part) => part !== '')
    .join('&')
  const path = `${basePath(transport)}${pathOf(binding, input['path'])}`
  const target = query === '' ? path : `${path}?${query}`
  const url = new URL(target, new URL(transport.url).origin)
  const written = writeBody(input['body'], binding.body, body, parts)
  const headers: Record<string, string> = {
    ...writeHeaders(input['header'], binding.header),
    accept: parts.accept,
    // What comes back is looked at: nothing is gained by having it compressed.
    'accept-encoding': 'identity',
    'user-agent': 'bailiwick',
    traceparent: parts.traceparent,
    tracestate: parts.tracestate,
    ...(written !== undefined && { 'content-type': written.contentType }),
    ...(written?.length !== undefined && { 'content-length': written.length }),
  }
  for (const [name, value] of Object.entries(equipment.headers)) headers[name.toLowerCase()] = value
  if (equipment.sign !== undefined) {
    const whole = written?.body instanceof Uint8Array ? written.body : undefined
    const signed = await equipment.sign({
      method,
      url,
      headers,
      ...(whole !== undefined && { body: whole }),
    })
    for (const [name, value] of Object.entries(signed)) headers[name.toLowerCase()] = value
  }
  return {
    method,
    path: target,
    headers,
    ...(written !== undefined && { body: written.body }),
    url,
  }
}

/** The credential's own parameters, behind those that were decided. */
function keysOf({ query = {} }: Equipment): string {
  const pairs = Object.entries(query).map(([name, value]) => `${encode(name)}=${encode(value)}`)
  return pairs.join('&')
}

/** The path of the template, with the decided values in it. */
function pathOf({ path, template }: HttpBinding, values: JsonObject[string] | undefined): string {
  return template.replaceAll(/\{([^{}]+)\}/g, (_all, name: string) => {
    const field = path.find((one) => one.name === name)
    const value = isObject(values) ? values[name] : undefined
    if (field === undefined || value === undefined) throw new TypeError('a path without a value')
    const text = writeText(value, field)
    // Two of them would be a segment of another meaning, and none at all another path.
    if (text === '' || text === '.' || text === '..') throw new TypeError('a path with no value')
    return text
  })
}
