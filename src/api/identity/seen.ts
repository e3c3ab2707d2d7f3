// Holds what the identity listener sees of instances that come and go on: for detectors, which look for the same one in two places.

import type { IncomingMessage } from 'node:http'
import { isObject, type Json } from '../../std/json.ts'
import type { Observation } from '../../wire/observation.ts'
import { parseSpiffeId } from '../../wire/spiffe.ts'

const KINDS: Readonly<Record<string, 'enrolled' | 'renewed'>> = {
  '/v1/enroll': 'enrolled',
  '/v1/attest': 'enrolled',
  '/v1/renew': 'renewed',
}

/** What an answer of a route tells: an instance was enrolled or renewed, from where. Undefined for every other. */
export function seenIn(
  path: string,
  answer: Json,
  request: IncomingMessage,
  at: number,
): Observation | undefined {
  const kind = Object.hasOwn(KINDS, path) ? KINDS[path] : undefined
  const id = isObject(answer) ? answer['spiffe_id'] : undefined
  const named = typeof id === 'string' ? parseSpiffeId(id) : undefined
  if (kind === undefined || named?.kind !== 'instance') return undefined
  const { agent, instance } = named
  return { kind, at, agent, instance, place: request.socket.remoteAddress ?? '' }
}
