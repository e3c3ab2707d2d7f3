// Holds the roles of agents: assigned with a reason, perhaps with an end, confirmed by people, and gone when they end.

import type { Agent, RoleAssignment } from '../../store/rows/agent.ts'
import { checkedReason } from '../reason.ts'
import { fault } from './faults.ts'
import { checkName } from './name.ts'

/** Roles of one agent at most. */
const MOST_ROLES = 32

/** How long a role lasts where nothing is said (ms): 90 days. A standing permission ends unless somebody asks again. */
const ROLE_MS = 90 * 86_400_000

/** The longest that one lasts (ms): 365 days. */
const MOST_ROLE_MS = 365 * 86_400_000

/** The members of an agent that say which roles it has. */
export type RoleHolder = Pick<Agent, 'roles' | 'assignments'>

/** A role as a person wants it assigned. */
export interface RoleWish {
  readonly role: string
  /** Absent: the one it has already, or the reason of the whole change. */
  readonly reason?: string
  /** ms since the epoch; absent: the end that it has already, or 90 days from now. */
  readonly expiresAt?: number
}

/** Who changes roles, when, and why where no role says otherwise. */
export interface RoleWord {
  /** Person id. */
  readonly by: string
  /** ms since the epoch. */
  readonly at: number
  readonly reason: string
}

/** The roles that an agent holds now, sorted: what counts wherever rights are decided. An assignment is gone at its end. */
export function rolesNow(agent: RoleHolder, now: number): readonly string[] {
  const { roles, assignments = [] } = agent
  if (assignments.every(({ expiresAt }) => expiresAt === undefined)) return roles
  const over = new Set(
    assignments
      .filter(({ expiresAt }) => expiresAt !== undefined && expiresAt <= now)
      .map(({ role }) => role),
  )
  return over.size === 0 ? roles : roles.filter((role) => !over.has(role))
}

/** The assignment of a role; one that was made before reasons were kept has no words and no end. */
function assignmentOf(agent: RoleHolder, role: string): RoleAssignment | undefined {
  if (!agent.roles.includes(role)) return undefined
  const kept = agent.assignments?.find((one) => one.role === role)
  return kept ?? { role, reason: '', by: '', at: 0 }
}

/** Every assignment, by name of role. */
export function assignmentsOf(agent: RoleHolder): readonly RoleAssignment[] {
  return agent.roles.flatMap((role) => assignmentOf(agent, role) ?? [])
}

/** The earliest end of a role after `after`; Infinity where none ends. */
export function nextEnd(agent: RoleHolder, after: number): number {
  const ends = (agent.assignments ?? []).flatMap(({ expiresAt }) =>
    expiresAt !== undefined && expiresAt > after ? [expiresAt] : [],
  )
  return Math.min(Infinity, ...ends)
}

/** Exactly these roles: what was wished for as it is already stays as it is, with who assigned it and when. */
export function withRoles(
  before: RoleHolder,
  wishes: readonly RoleWish[],
  word: RoleWord,
): Required<RoleHolder> {
  const byName = new Map(wishes.map((wish) => [wish.role, wish]))
  return holding([...byName.values()].map((wish) => assigned(before, wish, word)))
}

/** One role more, or the same with another reason or end: assigning it again is how one is held for longer. */
export function withRole(before: RoleHolder, wish: RoleWish, word: RoleWord): Required<RoleHolder> {
  const others = assignmentsOf(before).filter(({ role }) => role !== wish.role)
  const { expiresAt = word.at + ROLE_MS } = wish
  return holding([...others, assigned(before, { ...wish, expiresAt }, word)])
}

/** Without a role; throws `role.unassigned` where it has none of that name. */
export function withoutRole(before: RoleHolder, role: string): Required<RoleHolder> {
  if (!before.roles.includes(role)) throw unassigned(role)
  return holding(assignmentsOf(before).filter((one) => one.role !== role))
}

/** The same roles, one of them confirmed; throws `role.unassigned` for one that is not held any more. */
export function reviewed(before: RoleHolder, role: string, at: number): Required<RoleHolder> {
  if (!rolesNow(before, at).includes(role)) throw unassigned(role)
  return holding(
    assignmentsOf(before).map((one) => (one.role === role ? { ...one, reviewedAt: at } : one)),
  )
}

/** Without the roles that have ended. */
export function withoutEnded(before: RoleHolder, now: number): Required<RoleHolder> {
  const held = rolesNow(before, now)
  return holding(assignmentsOf(before).filter(({ role }) => held.includes(role)))
}

function assigned(before: RoleHolder, wish: RoleWish, word: RoleWord): RoleAssignment {
  checkName('a role', wish.role)
  if (wish.expiresAt !== undefined && wish.expiresAt <= word.at) {
    throw fault('agent.date', `the end of the role \`${wish.role}\` has passed`)
  }
  const old = assignmentOf(before, wish.role)
  const ended = old?.expiresAt !== undefined && old.expiresAt <= word.at
  const expiresAt = endOf(wish, ended ? undefined : old, word.at)
  const same = old !== undefined && !ended && old.expiresAt === expiresAt
  if (same && (wish.reason === undefined || wish.reason.trim() === old.reason)) return old
  return {
    role: wish.role,
    reason: checkedReason(wish.reason ?? word.reason),
    by: word.by,
    at: word.at,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}

/** When a role ends: as is said, as it does already, or after 90 days. One from before ends were kept stays without one. */
function endOf(
  { role, expiresAt }: RoleWish,
  old: RoleAssignment | undefined,
  now: number,
): number | undefined {
  if (expiresAt === undefined) return old === undefined ? now + ROLE_MS : old.expiresAt
  if (expiresAt > now + MOST_ROLE_MS) {
    throw fault('role.too_long', `the role \`${role}\` would last longer than 365 days`)
  }
  return expiresAt
}

function holding(assignments: readonly RoleAssignment[]): Required<RoleHolder> {
  if (assignments.length > MOST_ROLES) throw fault('role.too_many', 'these are too many roles')
  const sorted = [...assignments].sort((a, b) => (a.role < b.role ? -1 : 1))
  return { roles: sorted.map(({ role }) => role), assignments: sorted }
}

function unassigned(role: string): Error {
  checkName('a role', role)
  return fault('role.unassigned', `the agent does not hold the role \`${role}\``)
}
