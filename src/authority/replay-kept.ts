// Holds what is left of an older row after the newest word of the log on it: never more than the row says (INV-13).

import { isObject, JsonNumber, type Json, type JsonObject } from '../std/json.ts'
import type { Agent, RoleAssignment } from '../store/rows/agent.ts'
import type { Delegation } from '../store/rows/delegation.ts'
import type { Person } from '../store/rows/person.ts'
import type { Team } from '../store/rows/team.ts'

function texts(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : []
}

function time(value: Json | undefined): number | undefined {
  const number = value instanceof JsonNumber ? Number(value.text) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

/**
 * The agent as far as the word narrows it: a suspended or retired one stays so, roles that were taken away are gone, ends
 * come no later. The environment alone is moved to the log's word: staying would keep a reach that was taken away.
 * Undefined where nothing narrows.
 */
export function agentKept(agent: Agent, body: JsonObject): Agent | undefined {
  const said = texts(body['roles'])
  const roles = agent.roles.filter((role) => said.includes(role))
  const assignments = agent.assignments
    ?.filter(({ role }) => roles.includes(role))
    .map((one) => ended(one, body))
  const { state, because } = stateKept(agent, body)
  const expiresAt = earlier(agent.expiresAt, time(body['expiresAt']))
  const { environment } = body
  // Bodies from before environments say nothing of clients either.
  const whole = typeof environment === 'string'
  const moved = whole && environment !== (agent.environment ?? 'default')
  const clients = whole
    ? agent.clients?.filter((client) => texts(body['clients']).includes(client))
    : agent.clients
  const { observe, ...rest } = agent
  const until = isObject(body['observe']) ? time(body['observe']['until']) : undefined
  const kept: Agent = {
    ...(until === undefined ? rest : agent),
    // Only what the log's last word still says is observed, and no longer than that.
    ...(observe !== undefined &&
      until !== undefined && { observe: { ...observe, until: Math.min(observe.until, until) } }),
    roles,
    ...(assignments !== undefined && { assignments }),
    unattended: agent.unattended && body['unattended'] === true,
    ...(agent.taskless === true && { taskless: body['taskless'] === true }),
    ...(moved && { environment }),
    ...(expiresAt !== undefined && { expiresAt }),
    ...(clients !== undefined && { clients }),
    state,
    ...(because !== undefined && { because }),
  }
  return JSON.stringify(kept) === JSON.stringify(agent) ? undefined : kept
}

function stateKept(agent: Agent, { state, because }: JsonObject): Pick<Agent, 'state' | 'because'> {
  if (state === 'retired') return { state }
  if (state !== 'suspended' || agent.state !== 'active') return agent
  return { state, ...(typeof because === 'string' && { because }) }
}

function ended(one: RoleAssignment, { ends }: JsonObject): RoleAssignment {
  const end = isObject(ends) && Object.hasOwn(ends, one.role) ? time(ends[one.role]) : undefined
  const expiresAt = earlier(one.expiresAt, end)
  return expiresAt === undefined ? one : { ...one, expiresAt }
}

function earlier(row: number | undefined, word: number | undefined): number | undefined {
  if (row === undefined || word === undefined) return row ?? word
  return Math.min(row, word)
}

/** The team without those who were taken out of it; undefined where nobody was. */
export function teamKept(team: Team, body: JsonObject): Team | undefined {
  const said = texts(body['members'])
  const members = team.members.filter((id) => said.includes(id))
  return members.length < team.members.length ? { ...team, members } : undefined
}

/** The person without the roles that were taken from them; undefined where none was. */
export function rolesKept(person: Person, body: JsonObject): Person | undefined {
  const said = texts(body['roles'])
  const roles = person.roles.filter((role) => said.includes(role))
  return roles.length < person.roles.length ? { ...person, roles } : undefined
}

/** The person without a key or passkey that was taken from them; undefined where they have it no more. */
export function keyKept(person: Person, { key, passkey }: JsonObject): Person | undefined {
  const credentials = person.credentials.filter(({ kid }) => kid !== key)
  const passkeys = person.passkeys?.filter(({ id }) => id !== passkey)
  const same =
    credentials.length === person.credentials.length && passkeys?.length === person.passkeys?.length
  return same ? undefined : { ...person, credentials, ...(passkeys !== undefined && { passkeys }) }
}

/** The person as one who has left, as `people.leave` leaves the row; undefined where they have already. */
export function leaverKept(person: Person): Person | undefined {
  if (person.state === 'left') return undefined
  const { passkeys: _passkeys, external, ...rest } = person
  return {
    ...rest,
    roles: [],
    credentials: [],
    ...(external !== undefined && { external: external.map((one) => ({ ...one, roles: [] })) }),
    state: 'left',
  }
}

/** The delegation with the end that the word gives it, where that is earlier than its row says, and the task that it binds it to. */
export function delegationKept(delegation: Delegation, body: JsonObject): Delegation | undefined {
  const expiresAt = Math.min(time(body['expiresAt']) ?? Infinity, delegation.expiresAt)
  const { task = delegation.task } = body
  if (expiresAt === delegation.expiresAt && task === delegation.task) return undefined
  return { ...delegation, expiresAt, ...(typeof task === 'string' && { task }) }
}
