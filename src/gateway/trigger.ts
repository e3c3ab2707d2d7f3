// Holds what set a call off: what was signed, what we saw ourselves, and what the client claims, each marked as what it is.

import type { JsonObject } from '../std/json.ts'
import type { Actor } from '../wire/actor.ts'
import type { Trigger } from '../wire/trigger.ts'
import type { CallRequest } from './call.ts'
import type { GivenLately } from './given.ts'

/** What is known of what set a call off, the surest first. `setOffBy`: the call of ours in whose trace it came. */
export function triggersOf(
  actor: Actor,
  { said }: Pick<CallRequest, 'said'>,
  given: GivenLately,
  setOffBy: string | undefined,
): readonly Trigger[] {
  const triggers: Trigger[] = []
  const { chain, delegation, instance, task } = actor
  if (task?.signedBy !== undefined) {
    triggers.push({ by: 'person', how: 'attested', task: task.id, key: task.signedBy })
  }
  // INVARIANT: what is observed stands in every record, whatever the client says or leaves out.
  if (setOffBy !== undefined) triggers.push({ by: 'system', how: 'observed', call: setOffBy })
  const above = chain.at(-1)
  if (above !== undefined) triggers.push(handedOn(above, delegation?.id, given))
  const last = given.last(instance)
  if (last !== undefined) triggers.push({ by: last.by, how: 'observed', call: last.call })
  const claim = said?.trigger
  if (claim === 'unreadable') triggers.push({ by: 'unreadable', how: 'claimed' })
  else if (claim !== undefined) {
    const seen = claim.call !== undefined && given.had(instance, claim.call)
    triggers.push({ ...claim, how: 'claimed', ...(claim.call !== undefined && { seen }) })
  }
  return triggers
}

/** The agent that handed its authority on, with what it had been given last when this call came. */
function handedOn(
  { agent, instance }: Actor['chain'][number],
  delegation: string | undefined,
  given: GivenLately,
): Trigger {
  const before = given.last(instance)
  return {
    by: 'agent',
    how: 'observed',
    agent,
    instance,
    ...(delegation !== undefined && { delegation }),
    ...(before !== undefined && { call: before.call }),
  }
}

/** What set a call off, as its records have it; nothing where nothing is known. */
export function triggerBody(triggers: readonly Trigger[]): JsonObject {
  return triggers.length === 0 ? {} : { trigger: triggers.map((one) => ({ ...one })) }
}
