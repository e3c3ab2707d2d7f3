// Holds the end of a decision that somebody else enforces: its intent is durable, and it says what may be done.

import type { Actor } from '../wire/actor.ts'
import type { Decision } from '../wire/decision.ts'
import type { Call } from './call.ts'
import { isDenial, type Denial } from './denial.ts'
import type { Ports } from './ports.ts'
import { record } from './steps/06-record.ts'

/** A call that may be executed by whoever asked. */
export interface Permitted {
  readonly kind: 'permitted'
  readonly call: string
  readonly actor: Actor
  readonly system: string
  readonly action: string
  /** Digest of the pinned definition. */
  readonly definition: string
  /** Commitment to the arguments, as the intent record has it. */
  readonly arguments: string
  readonly decision: Decision
  /** Leaf hash of the durable intent: what its outcome refers to. */
  readonly intent: string
}

/** Makes the intent durable and answers what was permitted. What cannot be recorded is not permitted (INV-1). */
export async function permit(
  call: Call,
  ports: Ports,
): Promise<
  Permitted | { readonly kind: 'denied'; readonly call: string; readonly denial: Denial }
> {
  const { reserved } = call
  try {
    const intent = await record(call, ports)
    if (isDenial(intent)) {
      reserved.taken.giveBack()
      return { kind: 'denied', call: call.id, denial: intent }
    }
    return {
      kind: 'permitted',
      call: call.id,
      actor: call.actor,
      system: call.system.name,
      action: call.action.name,
      definition: call.action.digest,
      arguments: reserved.measured.arguments,
      decision: call.decision,
      intent,
    }
  } finally {
    // How many run at once is counted here no longer: when the other side is done, only it knows.
    reserved.taken.end()
  }
}
