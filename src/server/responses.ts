// Holds the responses to findings: kept and recorded always, and the instance locked where the setting says so.

import type { Finding } from '../detect/finding.ts'
import { CIRCUIT_BREAKER } from '../detect/rules/circuit-breaker.ts'
import type { Authority } from '../authority/open.ts'

/** Rules whose findings lock the instance: replays, where a copy of a credential is in other hands for certain. */
const REPLAYS: ReadonlySet<string> = new Set(['dpop-replay', 'refresh-reuse', 'join-race'])

/** Which findings lock: those of replays, all from `high` on, or none. */
export type LockOn = 'replays' | 'high' | 'none'

function locks(lockOn: LockOn, { rule, severity }: Finding): boolean {
  if (lockOn === 'none') return false
  if (REPLAYS.has(rule)) return true
  return lockOn === 'high' && (severity === 'high' || severity === 'critical')
}

/**
 * Answers one finding. The lock comes first: it is in force when this returns, so that what was seen is not answered before, and
 * if we crash before the finding is stored, the lock and its record say what happened.
 */
export async function respond(
  authority: Pick<Authority, 'agents' | 'findings' | 'locks'>,
  lockOn: LockOn,
  finding: Finding,
  at: number,
): Promise<void> {
  // The breaker itself is open already: nothing of the agent goes on while this is written.
  if (finding.rule === CIRCUIT_BREAKER) {
    await authority.agents.suspend(finding.agent, finding.summary)
    await authority.findings.raise({ ...finding, at })
    return
  }
  const target = { kind: 'instance', name: finding.instance } as const
  const word = { target, reason: finding.summary, person: '' }
  const lock = !locks(lockOn, finding)
    ? undefined
    : (authority.locks.on(target) ?? (await authority.locks.addAtOnce(word)))
  const { id } = await authority.findings.raise({ ...finding, at })
  if (lock !== undefined) await authority.findings.answered(id, lock.id)
}
