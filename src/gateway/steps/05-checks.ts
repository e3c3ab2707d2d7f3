// Holds the checks of a held call: programs that a gate names in place of people; whatever they leave open is a denial (INV-2).

import { inert } from '../../std/inert.ts'
import type { Actor } from '../../wire/actor.ts'
import type { Decision, Gate } from '../../wire/decision.ts'
import { checkNamed } from '../../wire/gate.ts'
import type { CallRequest, Checked } from '../call.ts'
import { deny, type Denial } from '../denial.ts'
import type { Ports } from '../ports.ts'
import type { Resolved } from './03-resolve.ts'
import { callDigest } from './05-gate.ts'
import { callFields } from './06-record.ts'

/** The gates of a decision that people open, and those that checks do. */
export function gatesBy({ gates }: Decision): {
  readonly people: readonly Gate[]
  readonly checks: readonly Gate[]
} {
  const isCheck = ({ name }: Gate): boolean => checkNamed(name) !== undefined
  return { people: gates.filter((gate) => !isCheck(gate)), checks: gates.filter(isCheck) }
}

/** Asks every check of a held call about exactly this call. All have to allow it; each answer is on record when this resolves. */
export async function runChecks(
  call: { readonly id: string; readonly actor: Actor; readonly request: CallRequest },
  resolved: Resolved,
  decision: Decision,
  ports: Ports,
): Promise<Checked | Denial> {
  const { id, actor, request } = call
  const digest = callDigest(actor, resolved, decision, request, ports)
  const records: string[] = []
  const gates = gatesBy(decision).checks
  for (const { name, policy } of gates) {
    const check = checkNamed(name) ?? ''
    const began = ports.clock.monotonic()
    const answer = await ports.checks.ask({
      check,
      call: id,
      digest,
      actor,
      system: resolved.system.name,
      action: resolved.action.name,
      definition: resolved.action.digest,
      effects: resolved.action.effects,
      input: request.input,
      signal: request.control.signal,
    })
    const { verdict, reason } = answer
    const { leaf } = await ports.audit.append({
      type: 'check.answered',
      phase: 'decision',
      ...callFields(call),
      body: {
        check,
        policy,
        verdict,
        call_digest: digest,
        duration_ms: Math.round(ports.clock.monotonic() - began),
        // Its own words may hold anything; why there is no answer are ours.
        ...(verdict === 'none' && { reason }),
      },
    })
    records.push(leaf)
    const { ended } = request.control
    if (ended !== undefined) return deny(ended.code, ended.detail)
    if (verdict === 'deny') {
      return deny('check.denied', `the check ${check} denies this call: ${inert(reason)}`)
    }
    if (verdict === 'none') return deny('check.failed', `the check ${check} gave no answer`, reason)
  }
  return { setAside: gates.map(({ policy }) => policy), records }
}
