// Holds the methods by which a client begins: `initialize` (2025-11-25), `server/discover` (2026-07-28), `ping`, and how much it is told.

import { isObject } from '../../../std/json.ts'
import { emptyObject, LEGACY_ERA, LEGACY_VERSIONS, MODERN_ERA } from '../../../wire/mcp.ts'
import type { Actor } from '../../../wire/actor.ts'
import { clientOf } from '../../../wire/said.ts'
import { isDenial } from '../../denial.ts'
import { askable } from '../asks.ts'
import { badParams, denialError, type CallAnswer } from '../call-answer.ts'
import { shownAt } from '../capabilities.ts'
import { modernResult } from '../dress.ts'
import { LEVELS } from '../log-level.ts'
import type { MethodParts, Turn } from '../turn.ts'

/** Answers `initialize`: the revision asked for where we speak it, and a session. */
export function initialize(turn: Turn, parts: MethodParts, actor: Actor): CallAnswer {
  const { door, exchange, params } = turn
  const asked = params['protocolVersion']
  const version = (LEGACY_VERSIONS as readonly unknown[]).includes(asked)
    ? (asked as string)
    : LEGACY_ERA
  const said = params['capabilities']
  parts.remember(actor.instance, isObject(said) ? said : emptyObject())
  const begun = { door: door.name, version, capabilities: askable(said) }
  const session = parts.sessions.begin(actor, exchange.presented, begun)
  if (isDenial(session)) return { error: denialError(session, '') }
  session.client = clientOf(params['clientInfo'])
  exchange.reply.session(session.terms.id)
  return {
    result: {
      protocolVersion: version,
      ...shownAt(door, actor, LEGACY_ERA, true, parts.ports),
      serverInfo: { ...door.info },
    },
  }
}

/** Answers `server/discover`. */
export function discover({ door, method }: Turn, parts: MethodParts, actor: Actor): CallAnswer {
  const shown = shownAt(door, actor, MODERN_ERA, true, parts.ports)
  return {
    result: modernResult(method, door.info, { supportedVersions: [MODERN_ERA], ...shown }),
  }
}

/** Answers `ping`. */
export function ping(): CallAnswer {
  return { result: emptyObject() }
}

/** Takes `logging/setLevel`: what this client is told of, and nothing that a system does. */
export function setLevel({ params, session }: Turn): CallAnswer {
  const { level } = params
  if (typeof level !== 'string' || !(LEVELS as readonly string[]).includes(level)) {
    return badParams('params.level is no level', `send one of ${LEVELS.join(', ')}`)
  }
  // Who has no session is told of nothing beyond the call at hand, whatever the level.
  if (session !== undefined) session.logLevel = level
  return { result: emptyObject() }
}
