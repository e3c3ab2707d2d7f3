// Holds how much a change of who governs weighs: whether it needs a second administrator, is told to all of them, or neither.

import type { GovernanceRule, Governed } from '../../store/rows/governance.ts'

/** `second`: two administrators; `announced`: one, and all are told; `plain`: it changes nothing of who governs. */
export type Weight = 'second' | 'announced' | 'plain'

/** A role that lets somebody look, and nothing else. */
const LOOKS = 'viewer'
const ADMINISTRATOR = 'administrator'

/** What is known of whom a change is about. */
export interface Standing {
  /** Roles that a person (an id) has, or would have again by signing in. */
  readonly roles: (person: string) => readonly string[]
  readonly rule: Pick<GovernanceRule, 'changes' | 'policies'>
}

/**
 * The weight of a change that `by` (a person id) asks for. Whatever gives somebody a say weighs most, and so does what takes an
 * administrator away, since two are needed for everything else. What only takes away is done at once: it may be urgent.
 */
export function weightOf(what: Governed, by: string, standing: Standing): Weight {
  switch (what.kind) {
    case 'person-create':
      return governs(what.roles) ? 'second' : 'plain'
    case 'person-roles':
      return weightOfRoles(what, by)
    case 'person-leave':
      return weightOfTaking(what.person, by, standing, 'announced')
    case 'person-key':
      // A key is the person: whoever has it agrees in their name.
      return what.person === by ? 'plain' : 'second'
    case 'person-key-remove':
      return weightOfTaking(what.person, by, standing, 'plain')
    case 'team-create':
    case 'trust-add':
      return 'second'
    case 'team-change':
      return what.members.every((one) => what.before.includes(one)) ? 'announced' : 'second'
    case 'trust-remove':
    case 'keys':
    case 'gateway':
      return 'announced'
    case 'rule': {
      const { rule } = standing
      const loosens = isLess(rule.changes, what.changes) || isLess(rule.policies, what.policies)
      return loosens ? 'second' : 'announced'
    }
  }
}

function weightOfRoles(
  { person, roles, before }: Extract<Governed, { kind: 'person-roles' }>,
  by: string,
): Weight {
  const given = roles.filter((role) => !before.includes(role))
  const taken = before.filter((role) => !roles.includes(role))
  if (governs(given)) return 'second'
  if (taken.includes(ADMINISTRATOR) && person !== by) return 'second'
  return governs(taken) ? 'announced' : 'plain'
}

/** Of what takes a person's way in: two for an administrator's, unless it is one's own. */
function weightOfTaking(person: string, by: string, { roles }: Standing, own: Weight): Weight {
  const held = roles(person)
  if (person === by) return governs(held) ? own : 'plain'
  if (held.includes(ADMINISTRATOR)) return 'second'
  return governs(held) ? 'announced' : 'plain'
}

function governs(roles: readonly string[]): boolean {
  return roles.some((role) => role !== LOOKS)
}

function isLess(now: string, wanted: string): boolean {
  return now === 'on' && wanted === 'off'
}

/** Whom a change is about, by id: they have no say in it. Undefined where it is about nobody, or about several. */
export function concerned(what: Governed): string | undefined {
  switch (what.kind) {
    case 'person-create':
    case 'person-roles':
    case 'person-leave':
    case 'person-key':
    case 'person-key-remove':
      return what.person
    case 'team-create':
      return only(what.members)
    case 'team-change':
      return only(what.members.filter((one) => !what.before.includes(one)))
    case 'trust-add':
    case 'trust-remove':
    case 'rule':
    case 'keys':
    case 'gateway':
      return undefined
  }
}

function only(people: readonly string[]): string | undefined {
  return people.length === 1 ? people[0] : undefined
}
