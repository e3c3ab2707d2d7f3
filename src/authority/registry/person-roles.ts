// Holds which roles a person has now: those that were given here, and those of groups that were heard of lately.

import type { ExternalIdentity, Person } from '../../store/rows/person.ts'

/** How long the groups of a login hold where its source says nothing: 12 hours, the longest that a session lives (ms). */
const GROUPS_MAX_AGE_MS = 43_200_000

/** What holds now of a source of logins. */
export interface LoginGroups {
  /** When it was trusted, ms since the epoch: what was heard before came from another source of this name. */
  readonly createdAt: number
  /** How long groups hold after a login (ms). */
  readonly groupsMaxAgeMs?: number
  /** Group → roles. A role that no group gives any more is nobody's. */
  readonly groupRoles?: Readonly<Record<string, readonly string[]>>
}

/** Looks up a source of logins by its name; undefined for one that is not trusted (any more). */
export type LoginGroupsOf = (source: string) => LoginGroups | undefined

/** The person's roles at a time, sorted: none for who has left. Groups count only while their source says so. */
export function rolesOf(person: Person, now: number, sources: LoginGroupsOf): readonly string[] {
  if (person.state === 'left') return []
  if (person.external === undefined) return person.roles
  const roles = new Set(person.roles)
  for (const { source, roles: given, heardAt } of person.external) {
    const groups = sources(source)
    if (groups === undefined || !isFresh(groups, heardAt, now)) continue
    const grants = new Set(Object.values(groups.groupRoles ?? {}).flat())
    for (const role of given) if (grants.has(role)) roles.add(role)
  }
  return [...roles].sort()
}

/** True while what was heard at a time still holds; never for a time that is yet to come. */
function isFresh(groups: LoginGroups, heardAt: number, now: number): boolean {
  const age = now - heardAt
  return (
    age >= 0 && heardAt >= groups.createdAt && age < (groups.groupsMaxAgeMs ?? GROUPS_MAX_AGE_MS)
  )
}

/** Roles that somebody who is here has or would have again by signing in: a login that is a while ago takes no say away for good. */
export function rolesEver({ state, roles, external = [] }: Person): readonly string[] {
  if (state === 'left') return []
  return [...new Set([...roles, ...external.flatMap((one) => one.roles)])].sort()
}

/** Since when each role that was given here is held: what was held already keeps its time, or its being from before times were kept. */
export function sinceOf(
  since: Person['roleSince'],
  before: readonly string[],
  roles: readonly string[],
  now: number,
): Pick<Person, 'roleSince'> {
  const entries = roles.flatMap((role): [string, number][] => {
    if (!before.includes(role)) return [[role, now]]
    const at = since?.[role]
    return at === undefined ? [] : [[role, at]]
  })
  return entries.length === 0 ? {} : { roleSince: Object.fromEntries(entries) }
}

/** What is known of somebody elsewhere, with what was heard just now in place of what was heard there before: a login that no longer gave a role began its time anew. */
export function withHeard(
  known: readonly ExternalIdentity[],
  said: Omit<ExternalIdentity, 'since'>,
): readonly ExternalIdentity[] {
  const isIt = ({ source, subject }: ExternalIdentity) =>
    source === said.source && subject === said.subject
  const last = known.find(isIt)
  const { roleSince: since = {} } = sinceOf(
    last?.since,
    last?.roles ?? [],
    said.roles,
    said.heardAt,
  )
  return [...known.filter((one) => !isIt(one)), { ...said, since }]
}

/** Since when somebody holds a role that they hold now, by whatever gives it first; 0 where that was before it was kept, Infinity for none. */
export function roleSince(
  person: Person,
  role: string,
  now: number,
  sources: LoginGroupsOf,
): number {
  const times = person.roles.includes(role) ? [person.roleSince?.[role] ?? 0] : []
  for (const one of person.external ?? []) {
    const alone: Person = { ...person, roles: [], external: [one] }
    if (rolesOf(alone, now, sources).includes(role)) times.push(one.since?.[role] ?? 0)
  }
  return Math.min(Infinity, ...times)
}
