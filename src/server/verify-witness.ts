// Holds how a verification judges witnesses: by a policy of C2SP tlog-policy.

import { shardVerifier } from '../audit/log-key.ts'
import type { WitnessCheck } from '../audit/verify.ts'
import { rfc3339 } from '../std/clock.ts'
import { formatVkey, openNote } from '../tlog/note.ts'
import { evaluatePolicy, parseWitnessPolicy } from '../tlog/policy.ts'

/** The check that a policy makes. Throws `tlog.policy`, `tlog.vkey`. */
export function witnessCheck(policyText: string): WitnessCheck {
  const policy = parseWitnessPolicy(policyText)
  const logs = policy.logs
    .map(({ name, type, publicKey }) => formatVkey(name, type, publicKey))
    .join('\n')
  return (note) => {
    const { met, cosignatures } = evaluatePolicy(policy, note)
    const seen = cosignatures.map(({ name, time }) => ({ name, at: rfc3339(time * 1_000) }))
    if (logs === '' || isOf(logs, note)) return { quorum: met, seen }
    return { quorum: false, seen, why: 'it is of none of the logs that the policy names' }
  }
}

/** Whether one of these logs has signed the note (tlog-policy §What is a "policy"?); the key of a log speaks for its half-years. */
function isOf(logs: string, note: string): boolean {
  const [origin = ''] = note.split('\n', 1)
  const verifier = shardVerifier(logs, origin)
  try {
    return verifier !== undefined && openNote(note, [verifier]).verified.length > 0
  } catch {
    // What is no note of that log is found as such where its checkpoint is opened.
    return false
  }
}
