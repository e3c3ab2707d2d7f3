// Holds which credentials a call goes out with, as locks name them: known from the system and the user, before anything is opened.

import type { Systems } from '../registry/systems.ts'
import { namesOf } from '../../wire/upstream-auth.ts'

/** Of whoever consented at a system, behind the system's name. */
export const USER = 'user:'

/**
 * Credentials of calls of a system on behalf of a person (an id; undefined: nobody's): `crm/API_KEY` for a value of the system,
 * `crm/user:per_…` for what that person consented to there. A token that is exchanged stands on the one that it is exchanged for.
 */
export function credentialsOf(
  systems: Pick<Systems, 'get'>,
  system: string,
  person: string | undefined,
): readonly string[] {
  const transport = systems.get(system)?.transport
  if (transport === undefined) return []
  const own = (name: string): string => `${system}/${name}`
  if (transport.kind === 'stdio') return transport.env.map(own)
  if (!('auth' in transport)) return []
  const { auth } = transport
  const values = namesOf(auth).map(own)
  const users = person === undefined ? [] : [own(`${USER}${person}`)]
  switch (auth.kind) {
    case 'user':
      return [...values, ...users]
    case 'token_exchange': {
      const subject = auth.subject === system ? undefined : auth.subject
      const under = subject === undefined ? [] : credentialsOf(systems, subject, person)
      return [...values, ...users, ...under]
    }
    default:
      return values
  }
}
