// Holds the summing up of what an agent used: its recorded traffic, in short turns beside the calls of now.

import { setImmediate } from 'node:timers/promises'
import { rfc3339, type Clock } from '../std/clock.ts'
import { trafficSince, type TrafficSource } from '../audit/traffic/read.ts'
import type { Authority } from '../authority/open.ts'
import { coversPrincipals, principalsOf, type Principals } from '../policy/life/cover.ts'
import { Usage } from '../policy/life/usage.ts'
import type { UsageAnswer } from '../wire/api/policy-usage.ts'
import type { LivePolicy } from './live-policy.ts'

/** One turn of the loop (ms). */
const TURN_MS = 8

/** What summing up needs. */
export interface UsageParts {
  readonly authority: Pick<Authority, 'agents' | 'policies'>
  readonly policy: Pick<LivePolicy, 'set'>
  readonly traffic: { readonly flush: () => Promise<void>; readonly source: TrafficSource }
  readonly clock: Clock
}

/** Sums up what an agent used since a time (ms). Throws `agent.unknown`. */
export async function usageOf(
  { authority, policy, traffic, clock }: UsageParts,
  { agent: name, since }: { readonly agent: string; readonly since: number },
): Promise<UsageAnswer> {
  const agent = authority.agents.find(name)
  const { set } = policy
  const usage = new Usage(set.schema)
  await traffic.flush()
  let dropped = 0
  let turn = clock.monotonic()
  for (const batch of trafficSince(traffic.source, since)) {
    dropped += batch.dropped
    for (const entry of batch.entries) if (entry.request.agent.name === name) usage.take(entry)
    if (clock.monotonic() - turn <= TURN_MS) continue
    await setImmediate()
    turn = clock.monotonic()
  }
  const applied = authority.policies.current()?.appliedAt ?? clock.now()
  const above = [{ type: 'Agent', id: name }, ...agent.roles.map((id) => ({ type: 'Role', id }))]
  const unused = [...set.policies.values()]
    .filter((one) => one.effect === 'permit' && !usage.policies.has(one.id))
    .filter((one) => above.some((entity) => speaksOf(principalsOf(one), entity)))
    .map(({ id, file }) => ({ id, file, since: rfc3339(applied) }))
  const { calls, denied } = usage
  return {
    agent: name,
    since: rfc3339(since),
    calls,
    denied,
    dropped,
    actions: usage.actions(),
    unused,
  }
}

/** Whether a permit names this agent or a role of its; what is for everybody is no permission of its own. */
function speaksOf(principals: Principals, entity: { type: string; id: string }): boolean {
  if (principals.in === undefined) return false
  return coversPrincipals({ in: entity }, { in: principals.in })
}
