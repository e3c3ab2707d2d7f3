// Holds replay: recorded traffic decided again by another set, page by page and in short turns, beside the calls of now.

import { setImmediate } from 'node:timers/promises'
import { digest } from '../std/bytes.ts'
import { rfc3339, type Clock } from '../std/clock.ts'
import { canonicalJson, type Json } from '../std/json.ts'
import type { ReplayAsked, ReplayedPage } from '../api/ports.ts'
import { trafficSince, type TrafficPlace, type TrafficSource } from '../audit/traffic/read.ts'
import type { Authority } from '../authority/open.ts'
import { determinedBy } from '../policy/life/determined.ts'
import type { PolicySource } from '../policy/load.ts'
import type { PolicySet } from '../policy/set.ts'
import type { Decision } from '../wire/decision.ts'
import type { TrafficEntry } from '../wire/traffic.ts'
import { agreement, type AgreementParts } from './agreement.ts'
import { serverFault } from './faults.ts'
import { LivePolicy } from './live-policy.ts'

/** How long one page takes (ms of wall time), and one turn of the loop. */
const PAGE_MS = 1_500
const TURN_MS = 8

/** Pages that may be under way at once. */
const MOST_PAGES = 2

/** Sets that were compiled for replay and are remembered: a replay of many pages asks one again and again. */
const MOST_SETS = 2

/** What replaying needs. */
export interface ReplayParts extends AgreementParts {
  readonly authority: Pick<Authority, 'systems'>
  readonly policy: Pick<LivePolicy, 'set' | 'sources'>
  readonly traffic: { readonly flush: () => Promise<void>; readonly source: TrafficSource }
  readonly clock: Clock
}

/** Counts and changes of one page while it is made. */
interface Made {
  calls: number
  used: number
  covered: number
  dropped: number
  damaged: number
  unknown: number
  denied: number
  allowed: number
  held: number
  readonly changes: { readonly entry: TrafficEntry; readonly decision: Decision }[]
}

/** Replays. */
export class PolicyReplay {
  readonly #parts: ReplayParts
  readonly #sets = new Map<string, PolicySet>()
  #pages = 0

  constructor(parts: ReplayParts) {
    this.#parts = parts
  }

  /** One page. Throws `policy.replay_busy`, `policy.replay_cursor`; a set that does not hold is an answer. */
  async page(asked: ReplayAsked): Promise<ReplayedPage> {
    if (this.#pages >= MOST_PAGES) {
      throw serverFault('policy.replay_busy', `${MOST_PAGES} replays are under way already`)
    }
    this.#pages++
    try {
      const compiled = this.#set(asked.sources)
      if ('problems' in compiled) return { ok: false, problems: compiled.problems }
      // What was decided a moment ago is part of what is asked about.
      if (asked.cursor === undefined) await this.#parts.traffic.flush()
      return await this.#replay(compiled, asked)
    } finally {
      this.#pages--
    }
  }

  #set(sources: readonly PolicySource[] | undefined) {
    const { policy, authority } = this.#parts
    if (sources === undefined) return policy.set
    const systems = authority.systems.list().map(({ definition }) => definition)
    const files = sources.map(({ file, text }) => ({ file, text }))
    const pins = systems.map((system) => [system.name, system.digest])
    const key = digest(canonicalJson({ files, pins } as unknown as Json))
    const known = this.#sets.get(key)
    if (known !== undefined) return known
    const compiled = LivePolicy.compile(sources, systems)
    if (!compiled.ok) return { problems: compiled.problems }
    if (this.#sets.size >= MOST_SETS) this.#sets.delete(this.#sets.keys().next().value!)
    this.#sets.set(key, compiled.set)
    return compiled.set
  }

  async #replay(set: PolicySet, asked: ReplayAsked): Promise<ReplayedPage> {
    const { clock, traffic } = this.#parts
    const made: Made = {
      calls: 0,
      used: 0,
      covered: 0,
      dropped: 0,
      damaged: 0,
      unknown: 0,
      denied: 0,
      allowed: 0,
      held: 0,
      changes: [],
    }
    const began = clock.monotonic()
    let turn = began
    let next: TrafficPlace | undefined
    const place = asked.cursor === undefined ? undefined : readCursor(asked.cursor)
    for (const batch of trafficSince(traffic.source, asked.since, place)) {
      made.dropped += batch.dropped
      made.damaged += batch.damaged
      for (const entry of batch.entries) {
        if (asked.agent !== undefined && entry.request.agent.name !== asked.agent) continue
        decideAgain(set, entry, made, asked)
      }
      const now = clock.monotonic()
      if (now - began > PAGE_MS) {
        next = batch.next
        break
      }
      if (now - turn > TURN_MS) {
        await setImmediate()
        turn = clock.monotonic()
      }
    }
    const changes = []
    for (const change of made.changes) {
      changes.push({ ...shown(change), record: await agreement(this.#parts, change.entry) })
    }
    const { calls, used, covered, dropped, damaged, unknown, denied, allowed, held } = made
    const counts = { newly_denied: denied, newly_allowed: allowed, newly_held: held }
    return {
      ok: true,
      page: {
        digest: set.digest,
        calls,
        used,
        covered,
        dropped,
        damaged,
        unknown,
        ...counts,
        changes,
        next: next === undefined ? null : cursorOf(next),
      },
    }
  }
}

function decideAgain(
  set: PolicySet,
  entry: TrafficEntry,
  made: Made,
  { limit, alone }: Pick<ReplayAsked, 'limit' | 'alone'>,
): void {
  const { delegators: _, ...without } = entry.request
  const request = alone === true ? without : entry.request
  const pinned = set.schema.actions.get(`${request.system}/${request.action}`)
  if (pinned === undefined || !sameEffects(pinned.definition.effects, request.effects)) {
    made.unknown++
    return
  }
  made.calls++
  const decision = set.decide(request)
  if (entry.answer !== 'deny' || entry.observed === true) {
    made.used++
    if (decision.answer === 'allow') made.covered++
  }
  if (decision.answer === entry.answer) return
  if (decision.answer === 'deny') made.denied++
  else if (decision.answer === 'allow') made.allowed++
  else made.held++
  if (made.changes.length < limit) made.changes.push({ entry, decision })
}

function sameEffects(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((one) => b.includes(one))
}

function shown({ entry, decision }: Made['changes'][number]) {
  const { call, request, answer, by } = entry
  return {
    call,
    at: rfc3339(request.now),
    agent: request.agent.name,
    system: request.system,
    action: request.action,
    before: answer,
    after: decision.answer,
    by_before: [...by],
    by_after: determinedBy(decision),
    reason: decision.reason,
  }
}

function cursorOf({ file, frame, offset }: TrafficPlace): string {
  return `${file}:${frame}:${offset}`
}

/** A place is looked up among the files that are there; it opens nothing by itself. */
function readCursor(text: string): TrafficPlace {
  const match = /^([0-9-]{1,32}\.traffic):(\d{1,12}):(\d{1,15})$/.exec(text)
  if (match === null) throw serverFault('policy.replay_cursor', 'this is no cursor of a replay')
  return { file: match[1]!, frame: Number(match[2]), offset: Number(match[3]) }
}
