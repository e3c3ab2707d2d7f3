// Holds the keeping of what a call sends and gets back, where policy asks for it: handed over, never waited for, and said in the outcome.

import { canonicalJson, type Json } from '../../std/json.ts'
import { KEEP_DAYS, type KeptKind } from '../../wire/obligation.ts'
import type { Call } from '../call.ts'
import { personOf } from '../person.ts'
import type { Ports } from '../ports.ts'

/** Hands over the arguments of a call whose intent is durable, where a permit asks for them. */
export function keepArguments(call: Call, ports: Pick<Ports, 'payloads'>): void {
  if (asked(call, 'arguments')) keep(call, 'arguments', call.request.input, ports)
}

/**
 * Hands over what the agent was given, after inspection took out of it what it had to. An answer that was passed on as it came is not
 * there any more to be kept.
 */
export function keepResult(
  call: Call,
  given: Json | undefined,
  ports: Pick<Ports, 'payloads'>,
): void {
  if (asked(call, 'result')) keep(call, 'result', given, ports)
}

function asked({ decision }: Call, kind: KeptKind): boolean {
  return decision.obligations?.keep?.includes(kind) === true
}

function keep(
  call: Call,
  kind: KeptKind,
  value: Json | undefined,
  { payloads }: Pick<Ports, 'payloads'>,
): void {
  const { actor, decision, id, intent } = call
  const taken =
    intent !== undefined &&
    value !== undefined &&
    payloads.keep({
      kind,
      call: id,
      leaf: intent,
      person: personOf(actor),
      text: canonicalJson(value),
      days: decision.obligations?.keepDays ?? KEEP_DAYS,
    })
  call.kept = { ...call.kept, [kind]: taken }
}
