// Holds the explanation of a call that was decided: from what it was decided from, by the policies that decided it.

import { setImmediate } from 'node:timers/promises'
import { trafficSince, type TrafficSource } from '../audit/traffic/read.ts'
import type { Authority } from '../authority/open.ts'
import type { PolicySet } from '../policy/set.ts'
import { rfc3339, type Clock } from '../std/clock.ts'
import type { ExplainCallAnswer } from '../wire/api/explanation.ts'
import type { TrafficEntry } from '../wire/traffic.ts'
import { agreement, type AgreementParts } from './agreement.ts'
import { serverFault } from './faults.ts'
import { LivePolicy } from './live-policy.ts'

/** A call is decided within so long of its id (ms): it waits for its instance's turn, and for nobody else. */
const DECIDED_MS = 600_000

/** The id is older than the decision; clocks that were set back meanwhile are allowed so much (ms). */
const SLACK_MS = 1_000

/** One turn of the loop (ms). */
const TURN_MS = 8

/** What explaining needs. */
export interface DecidedParts extends AgreementParts {
  readonly authority: Pick<Authority, 'policies' | 'systems'>
  readonly policy: Pick<LivePolicy, 'set'>
  readonly traffic: { readonly flush: () => Promise<void>; readonly source: TrafficSource }
  readonly clock: Clock
}

/** Explains decided calls. */
export class DecidedCalls {
  readonly #parts: DecidedParts
  /** The earlier set that was asked about last: its digest, and what came of compiling it. */
  #earlier: { readonly digest: string; readonly set: PolicySet | undefined } | undefined

  constructor(parts: DecidedParts) {
    this.#parts = parts
  }

  /** Explains one. Throws `policy.call_unknown`, `policy.call_undecided`, `policy.call_not_kept`. */
  async explain(call: string, options: { readonly values: boolean }): Promise<ExplainCallAnswer> {
    const entry = (await this.#find(call)) ?? (await this.#missing(call))
    const then = await this.#setOf(entry.policySet)
    const explanation = (then ?? this.#parts.policy.set).explain(entry.request, options)
    return {
      explanation,
      call: {
        id: call,
        at: rfc3339(entry.request.now),
        answer: entry.answer,
        policy_set: entry.policySet,
        same_set: then !== undefined,
        observed: entry.observed === true,
        record: await agreement(this.#parts, entry),
        refused: await this.#refusal(call),
      },
    }
  }

  /** UUIDv7 begins with the time at which it was made; so what was decided then is near that time. */
  async #find(call: string): Promise<TrafficEntry | undefined> {
    const { clock, traffic } = this.#parts
    const made = Number.parseInt(call.slice(0, 8) + call.slice(9, 13), 16)
    await traffic.flush()
    let turn = clock.monotonic()
    for (const { entries } of trafficSince(traffic.source, made - SLACK_MS)) {
      for (const entry of entries) {
        if (entry.call === call) return entry
        if (entry.request.now > made + DECIDED_MS) return undefined
      }
      if (clock.monotonic() - turn <= TURN_MS) continue
      await setImmediate()
      turn = clock.monotonic()
    }
    return undefined
  }

  /** Why it was refused, where policy was not what refused it: a limit, a lock that came meanwhile, no room. */
  async #refusal(call: string): Promise<string | null> {
    const story = await this.#parts.audit.byCall(call)
    const denied = story.find(({ record }) => record.type === 'call.denied')?.record.body
    const { code, reason } = denied ?? {}
    if (typeof code !== 'string' || code === 'policy.denied') return null
    return typeof reason === 'string' ? `${reason} (${code})` : code
  }

  async #missing(call: string): Promise<never> {
    const refused = await this.#refusal(call)
    if (refused !== null) {
      throw serverFault(
        'policy.call_undecided',
        `it was refused before policy was asked: ${refused}`,
      )
    }
    const story = await this.#parts.audit.byCall(call)
    if (story.length === 0) throw serverFault('policy.call_unknown', 'no record is of such a call')
    throw serverFault('policy.call_not_kept', 'what this call was decided from is not kept')
  }

  /** The set of a digest; undefined where it is not kept, or is another with the systems that are pinned now. */
  async #setOf(digest: string): Promise<PolicySet | undefined> {
    const { authority, policy } = this.#parts
    if (policy.set.digest === digest) return policy.set
    if (this.#earlier?.digest === digest) return this.#earlier.set
    const version = (await authority.policies.history()).findLast((one) => one.digest === digest)
    const systems = authority.systems.list().map(({ definition }) => definition)
    const compiled = version && LivePolicy.compile(version.sources, systems)
    const set = compiled?.ok === true && compiled.set.digest === digest ? compiled.set : undefined
    this.#earlier = { digest, set }
    return set
  }
}
