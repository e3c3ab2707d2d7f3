// Holds the routes of people: who there is, who asks, and making another.

import { rfc3339 } from '../../std/clock.ts'
import { NewPerson, PeopleAnswer, Person as PersonAnswer, WhoAmI } from '../../wire/api/person.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

function shown(person: Person): PersonAnswer {
  return {
    id: person.id,
    name: person.name,
    roles: [...person.roles],
    created_at: rfc3339(person.createdAt),
    credentials: person.credentials.map(({ kid, createdAt }) => ({
      kid,
      created_at: rfc3339(createdAt),
    })),
  }
}

/** Serves people. */
export function servePeople(surface: Surface, { authority, server }: ControlPorts): void {
  surface.closed(
    'GET /v1/whoami',
    { summary: 'Who asks, as the server knows them', answer: WhoAmI },
    ({ person: { id, name, roles } }) => ({
      person: { id, name, roles: [...roles] },
      version: server.facts().version,
    }),
  )
  surface.closed('GET /v1/people', { summary: 'Everyone, by name', answer: PeopleAnswer }, () => ({
    people: authority.people.list().map(shown),
  }))
  surface.closed(
    'POST /v1/people',
    {
      summary: 'Create a person with a public key of theirs',
      body: NewPerson,
      answer: PersonAnswer,
    },
    async ({ body, person }) =>
      shown(
        await authority.people.create(
          { name: body.name, roles: body.roles, publicKey: body.public_key },
          person.id,
        ),
      ),
  )
}
