// Holds the notice of changes of who governs that a person has not seen: wherever they look at who they are, or how things stand.

import { WhoAmI } from '../wire/api/person.ts'
import type { Control } from './control/control.ts'
import type { Screen } from './terminal/screen.ts'

/** Says how many there are; nothing where there are none. */
export function sayUnseen(screen: Screen, { unseen_changes: count }: WhoAmI): void {
  if (count === 0) return
  const changes = count === 1 ? 'a change' : `${count} changes`
  screen.say(`${changes} of who governs here that you have not seen: bailiwick governance ls`)
}

/** Asks, and says. */
export async function tellUnseen(screen: Screen, control: Control): Promise<void> {
  sayUnseen(screen, await control.get('/v1/whoami', WhoAmI))
}
