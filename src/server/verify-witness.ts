// Holds how a verification judges witnesses: by a policy of C2SP tlog-policy.

import type { WitnessCheck } from '../audit/verify.ts'
import { rfc3339 } from '../std/clock.ts'
import { evaluatePolicy, parseWitnessPolicy } from '../tlog/policy.ts'

/** The check that a policy makes. Throws `tlog.policy`, `tlog.vkey`. */
export function witnessCheck(policyText: string): WitnessCheck {
  const policy = parseWitnessPolicy(policyText)
  return (note) => {
    const { met, cosignatures } = evaluatePolicy(policy, note)
    const seen = cosignatures.map(({ name, time }) => ({ name, at: rfc3339(time * 1_000) }))
    return { quorum: met, seen }
  }
}
