// Holds documents of people: the roles that are given to them here. Keys are nobody's to write down.

import { z } from 'zod'
import { PeopleAnswer, Person } from '../../../wire/api/person.ts'
import { Name } from '../../../wire/api/text.ts'
import { target } from '../../control/control.ts'
import { differing, type Kind } from '../kind.ts'

const Schema = z.strictObject({
  kind: z.literal('person'),
  name: Name,
  roles: z
    .array(Name)
    .max(32)
    .transform((roles) => [...new Set(roles)].sort()),
})

/** The kind `person`. */
export const personKind: Kind = {
  kind: 'person',
  schema: Schema as unknown as Kind['schema'],
  current: async (control) => {
    const { people } = await control.get('/v1/people', PeopleAnswer)
    const here = people.filter(({ state }) => state === 'active')
    return new Map(
      here.map(({ id, name, local_roles: roles }) => [name, { id, roles: [...roles].sort() }]),
    )
  },
  differences: (now, wanted) =>
    now === undefined
      ? 'nobody here has this name: a person comes with a key of theirs, by bailiwick person add'
      : differing(now, wanted),
  send: async ({ control, reason }, name, now, wanted) => {
    const id = now?.['id']
    const path = target(['v1', 'people', typeof id === 'string' ? id : name])
    await control.send('PATCH', path, { roles: wanted['roles'], reason }, Person)
  },
  exported: (name, { roles = [] }) => ({ kind: 'person', name, roles }),
}
