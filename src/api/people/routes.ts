// Holds the routes of people: who there is, who asks, making another, what they hold, and their leaving.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import { LoginLink, SessionsEnded } from '../../wire/api/login.ts'
import {
  NewKey,
  NewPerson,
  PeopleAnswer,
  Person as PersonAnswer,
  PersonChange,
  WhoAmI,
} from '../../wire/api/person.ts'
import { BecauseRequest } from '../../wire/api/text.ts'
import { fault } from '../faults.ts'
import { governed } from '../governance/governed.ts'
import type { Person } from '../operator.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

/** Id or name of a person. */
const ById = z.strictObject({ id: z.string().min(1).max(64) })
const ByKey = ById.extend({ key: z.string().regex(/^[A-Za-z0-9_-]{1,1400}$/, 'is no key id') })

/** Serves people. */
export function servePeople(surface: Surface, ports: ControlPorts): void {
  const { authority, server } = ports
  const { people } = authority
  const shown = (person: Person): PersonAnswer => shownPerson(person, people.known(person.id))
  surface.closed(
    'GET /v1/whoami',
    { summary: 'Who asks, as the server knows them', answer: WhoAmI },
    ({ person: { id, name, roles } }) => ({
      person: { id, name, roles: [...roles] },
      version: server.facts().version,
      unseen_changes: authority.governance.unseen(id),
    }),
  )
  surface.closed('GET /v1/people', { summary: 'Everyone, by name', answer: PeopleAnswer }, () => ({
    people: people.list().map(shown),
  }))
  surface.closed(
    'POST /v1/people',
    {
      summary: 'Create a person with a public key of theirs',
      body: NewPerson,
      answer: PersonAnswer,
      governed: true,
    },
    ({ body: { name, roles, public_key: publicKey, reason = 'a person is added' }, person }) => {
      const wish = { kind: 'person-create', name, roles, publicKey } as const
      return governed(ports, wish, { person: person.id, reason }, () => shown(people.find(name)))
    },
  )
  surface.closed(
    'PATCH /v1/people/{id}',
    {
      summary: 'Set the roles of a person',
      params: ById,
      body: PersonChange,
      answer: PersonAnswer,
      governed: true,
    },
    ({ params: { id }, body: { roles, reason }, person }) => {
      const wish = { kind: 'person-roles', person: id, roles } as const
      return governed(ports, wish, { person: person.id, reason }, () => shown(people.find(id)))
    },
  )
  surface.closed(
    'POST /v1/people/{id}/leave',
    {
      summary: 'A person leaves: their keys, passkeys and sessions open nothing from then on',
      params: ById,
      body: BecauseRequest,
      answer: PersonAnswer,
      governed: true,
    },
    ({ params, body: { reason }, person }) => {
      const { id } = people.find(params.id)
      const wish = { kind: 'person-leave', person: id } as const
      return governed(ports, wish, { person: person.id, reason }, async () => {
        await authority.sessions.settle()
        return shown(people.known(id) ?? person)
      })
    },
  )
  serveKeys(surface, ports, shown)
  serveLinks(surface, ports)
}

function serveKeys(
  surface: Surface,
  ports: ControlPorts,
  shown: (person: Person) => PersonAnswer,
): void {
  const { people } = ports.authority
  surface.closed(
    'POST /v1/people/{id}/keys',
    {
      summary: 'Give a person another key; one’s own, or anybody’s for an administrator',
      params: ById,
      body: NewKey,
      answer: PersonAnswer,
      governed: true,
    },
    ({ params, body: { public_key: publicKey, reason = 'a key is added' }, person }) => {
      const { id } = ownOrAnyones(person, people.find(params.id))
      const wish = { kind: 'person-key', person: id, publicKey } as const
      return governed(ports, wish, { person: person.id, reason }, () => shown(people.find(id)))
    },
  )
  surface.closed(
    'POST /v1/people/{id}/keys/{key}/remove',
    {
      summary: 'Take a key or a passkey from a person',
      params: ByKey,
      body: BecauseRequest,
      answer: PersonAnswer,
      governed: true,
    },
    ({ params: { id: name, key }, body: { reason }, person }) => {
      const { id } = ownOrAnyones(person, people.find(name))
      const wish = { kind: 'person-key-remove', person: id, key } as const
      return governed(ports, wish, { person: person.id, reason }, () => shown(people.find(id)))
    },
  )
}

function serveLinks(surface: Surface, { authority: { sessions }, server }: ControlPorts): void {
  surface.closed(
    'POST /v1/login-links',
    { summary: 'A link that signs the person who asks in, once', answer: LoginLink },
    async ({ person }) => {
      const { secret, expiresAt } = await sessions.links.issue(person.id)
      // Behind the `#`: a browser keeps that to itself, so it stands in no log on the way.
      const url = `${server.facts().listeners.control}/login#${secret}`
      return { url, expires_at: rfc3339(expiresAt) }
    },
  )
  surface.closed(
    'POST /v1/sessions/end',
    { summary: 'Sign the person who asks out everywhere', answer: SessionsEnded },
    async ({ person: { id } }) => ({
      ended: await sessions.endOf(id, { reason: 'signed out everywhere', person: id }),
    }),
  )
}

/** The person whose keys are meant, where the one who asks may change them. */
function ownOrAnyones(asks: Person, whose: Person): Person {
  if (asks.id === whose.id || asks.roles.includes('administrator')) return whose
  throw fault('api.role', 'only who holds the role `administrator` may do this for somebody else')
}

function shownPerson(person: Person, row: Person | undefined): PersonAnswer {
  return {
    id: person.id,
    name: person.name,
    roles: [...person.roles],
    local_roles: [...(row?.roles ?? person.roles)],
    state: person.state ?? 'active',
    created_at: rfc3339(person.createdAt),
    credentials: person.credentials.map(({ kid, createdAt }) => ({
      kid,
      created_at: rfc3339(createdAt),
    })),
    passkeys: (person.passkeys ?? []).map(({ id, createdAt }) => ({
      id,
      created_at: rfc3339(createdAt),
    })),
    external: (person.external ?? []).map(({ source, roles, heardAt }) => ({
      source,
      roles: [...roles],
      heard_at: rfc3339(heardAt),
    })),
  }
}
