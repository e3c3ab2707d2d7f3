// Holds documents of agents: the whole of what an agent is but its state, which is left alone where it is not said.

import { z } from 'zod'
import { rfc3339 } from '../../../std/clock.ts'
import { Agent, Owner, Risk } from '../../../wire/api/agent.ts'
import { Moment, Name, Purpose, Reason } from '../../../wire/api/text.ts'
import { target } from '../../control/control.ts'
import { everyAgent } from '../../control/lists.ts'
import { differing, type Kind, type Members, type Sending } from '../kind.ts'
import type { Tree } from '../yaml.ts'

/** A time of a document: a whole day, or RFC 3339. */
const When = z
  .string()
  .transform((text) => (/^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00Z` : text))
  .pipe(Moment)
  .transform((text) => rfc3339(Date.parse(text)))

const Role = z
  .union([
    Name.transform((role) => ({ role })),
    z.strictObject({ role: Name, reason: Reason.optional(), expires: When.optional() }),
  ])
  .transform(({ role, ...more }) => ({ role, ...more }))

const Schema = z.strictObject({
  kind: z.literal('agent'),
  name: Name,
  owner: Owner,
  purpose: Purpose,
  environment: Name.default('default'),
  risk: Risk.default('medium'),
  roles: z
    .array(Role)
    .max(32)
    .default([])
    .refine(
      (roles) => new Set(roles.map(({ role }) => role)).size === roles.length,
      'names a role twice',
    ),
  unattended: z.boolean().default(false),
  taskless: z.boolean().default(false),
  review: When.nullable().default(null),
  expires: When.nullable().default(null),
  clients: z.array(z.string().max(2048)).max(16).default([]),
  state: z.enum(['pending', 'active', 'suspended', 'retired']).optional(),
})

type RoleDocument = { readonly role: string; readonly reason?: string; readonly expires?: string }

/** Members that stand in a document only where they are not this. */
const DEFAULTS: Members = {
  environment: 'default',
  risk: 'medium',
  roles: [],
  unattended: false,
  taskless: false,
  review: null,
  expires: null,
  clients: [],
  state: 'active',
}

function membersOf(agent: Agent): Members {
  const held = agent.assignments.filter(({ role }) => agent.roles.includes(role))
  return {
    owner: agent.owner,
    purpose: agent.purpose,
    environment: agent.environment,
    risk: agent.risk,
    roles: held.map((one) => ({
      role: one.role,
      ...(one.reason !== '' && { reason: one.reason }),
      ...(one.expires_at !== null && { expires: one.expires_at }),
    })),
    unattended: agent.unattended,
    taskless: agent.taskless,
    review: agent.review_at,
    expires: agent.expires_at,
    clients: agent.clients,
    state: agent.state,
  }
}

/**
 * The roles of a document beside those that are held: sorted, without those whose end has passed, and with the reason that a
 * role has already, and the end, where the document names none.
 */
function settled(roles: readonly RoleDocument[], held: readonly RoleDocument[], now: number): Tree {
  return roles
    .filter(({ expires }) => expires === undefined || Date.parse(expires) > now)
    .map((one) => {
      const there = held.find(({ role }) => role === one.role)
      const { reason = there?.reason, expires = there?.expires } = one
      return {
        ...one,
        ...(reason !== undefined && { reason }),
        ...(expires !== undefined && { expires }),
      }
    })
    .sort((a, b) => (a.role < b.role ? -1 : 1)) as unknown as Tree
}

/** The kind `agent`. `now` is asked when documents are compared. */
export function agentKind(now: () => number): Kind {
  const adjusted = (before: Members | undefined, wanted: Members): Members => ({
    ...wanted,
    roles: settled(rolesOf(wanted), before === undefined ? [] : rolesOf(before), now()),
    clients: [...(wanted['clients'] as readonly string[])].sort(),
    ...reviewOf(before, wanted),
  })
  return {
    kind: 'agent',
    schema: Schema as unknown as Kind['schema'],
    current: async (control) =>
      new Map((await everyAgent(control)).map((agent) => [agent.name, membersOf(agent)])),
    differences: (before, wanted) => {
      const state = wanted['state']
      if (before === undefined && (state === 'suspended' || state === 'retired')) {
        return `an agent that is not there cannot be ${state}`
      }
      if (before?.['state'] === 'retired') {
        return state === 'retired' ? [] : 'it is retired, and does not come back'
      }
      return differing(before, adjusted(before, wanted))
    },
    send: (sending, name, before, wanted) =>
      before === undefined
        ? register(sending, name, adjusted(before, wanted))
        : change(sending, name, before, adjusted(before, wanted)),
    exported: (name, members) => {
      if (members['state'] === 'retired' || members['state'] === 'discovered') return undefined
      const said = Object.entries(members).filter(
        ([member, value]) =>
          !(member in DEFAULTS) || JSON.stringify(value) !== JSON.stringify(DEFAULTS[member]),
      )
      return { kind: 'agent', name, ...Object.fromEntries(said) }
    },
  }
}

/** What acts without a person or a task has a date of review always: where the document names none, the one that it has. */
function reviewOf(before: Members | undefined, wanted: Members): Members {
  const standing = wanted['unattended'] === true || wanted['taskless'] === true
  if (!standing || wanted['review'] !== null || before === undefined) return {}
  return { review: before['review'] ?? null }
}

function rolesOf(members: Members): readonly RoleDocument[] {
  return members['roles'] as unknown as readonly RoleDocument[]
}

/** Members by their names in the API. */
function body(members: Members): Record<string, unknown> {
  const { review, expires, roles, ...rest } = members
  return {
    ...rest,
    ...(review !== undefined && { review_at: review }),
    ...(expires !== undefined && { expires_at: expires }),
    ...(roles !== undefined && {
      roles: rolesOf(members).map(({ expires: end, ...one }) => ({
        ...one,
        ...(end !== undefined && { expires_at: end }),
      })),
    }),
  }
}

async function register(
  { control, reason }: Sending,
  name: string,
  wanted: Members,
): Promise<void> {
  const { kind: _kind, ...said } = wanted
  const given = Object.entries(body(said)).filter(([, value]) => value !== null)
  await control.send('POST', '/v1/agents', { ...Object.fromEntries(given), name, reason }, Agent)
}

async function change(
  { control, reason }: Sending,
  name: string,
  before: Members,
  wanted: Members,
): Promise<void> {
  const members = differing(before, wanted).map(({ member, to }) => [member, to] as const)
  const { state, ...rest } = Object.fromEntries(members) as Record<string, Tree>
  const path = target(['v1', 'agents', name])
  // One that was discovered is taken on first, and activated then: each is a step of its life.
  const steps =
    before['state'] === 'discovered' && state === 'active'
      ? [body(rest), { state }]
      : [{ ...body(rest), ...(state !== undefined && { state }) }]
  for (const step of steps) await control.send('PATCH', path, { ...step, reason }, Agent)
}

/** Retires an agent that no document names. */
export async function retire({ control, reason }: Sending, name: string): Promise<void> {
  const path = target(['v1', 'agents', name])
  await control.send('PATCH', path, { state: 'retired', reason }, Agent)
}
