// Holds the answer to which person an actor acts for, where there is one.

import type { Actor } from '../wire/actor.ts'

/** Id of the person at the head of the chain; undefined where the chain begins with an agent that acts unattended. */
export function personOf({ delegation }: Pick<Actor, 'delegation'>): string | undefined {
  return delegation === undefined || delegation.person === '' ? undefined : delegation.person
}
