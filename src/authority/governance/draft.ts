// Holds the drafting of changes of who governs: what somebody asks for, as it would be done, checked against what is there now.

import type { Announced, Governed, RuleWord } from '../../store/rows/governance.ts'
import { faults } from '../../std/fault.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import { fault as registryFault } from '../registry/faults.ts'
import { checkName, checkedRoles } from '../registry/name.ts'
import type { People } from '../registry/people.ts'
import { personKey } from '../registry/person-key.ts'
import type { Teams } from '../registry/teams.ts'
import { trustFault } from '../trust/faults.ts'
import type { NewTrustSource, TrustSources } from '../trust/trust-sources.ts'

const fault = faults(AUTHORITY_FAULTS)

/** What somebody asks for. People are named by id or name. */
export type Wish =
  | {
      readonly kind: 'person-create'
      readonly name: string
      readonly roles: readonly string[]
      readonly publicKey: string
    }
  | { readonly kind: 'person-roles'; readonly person: string; readonly roles: readonly string[] }
  | { readonly kind: 'person-leave'; readonly person: string }
  | { readonly kind: 'person-key'; readonly person: string; readonly publicKey: string }
  | { readonly kind: 'person-key-remove'; readonly person: string; readonly key: string }
  | { readonly kind: 'team-create'; readonly team: string; readonly members: readonly string[] }
  | {
      readonly kind: 'team-change'
      readonly team: string
      readonly add: readonly string[]
      readonly remove: readonly string[]
    }
  | { readonly kind: 'trust-add'; readonly source: NewTrustSource }
  | { readonly kind: 'trust-remove'; readonly name: string }
  | { readonly kind: 'rule'; readonly changes: RuleWord; readonly policies: RuleWord }

/** What is changed. */
export interface GovernedParts {
  readonly people: People
  readonly teams: Teams
  readonly trust: TrustSources
}

/** The change that a wish is. Throws what the change itself would: nobody is asked to agree to what cannot be. */
export function drafted(
  wish: Wish,
  { people, teams, trust }: GovernedParts,
): Exclude<Governed, { kind: Announced }> {
  const { kind } = wish
  switch (kind) {
    case 'person-create':
      return newcomer(wish, people)
    case 'person-roles': {
      const { id } = people.find(wish.person)
      const before = people.known(id)?.roles ?? []
      return { kind, person: id, roles: checkedRoles(wish.roles), before }
    }
    case 'person-leave':
      return { kind, person: people.find(wish.person).id }
    case 'person-key': {
      const { kid } = personKey(wish.publicKey, 0)
      checkFree(kid, people)
      return { kind, person: people.find(wish.person).id, publicKey: wish.publicKey }
    }
    case 'person-key-remove': {
      const { id, credentials, passkeys = [] } = people.find(wish.person)
      const passkey = passkeys.some((one) => one.id === wish.key)
      if (!passkey && !credentials.some(({ kid }) => kid === wish.key)) {
        throw fault('person.no_key', 'the person has no such key')
      }
      return { kind, person: id, key: wish.key, passkey }
    }
    case 'team-create': {
      checkName('a team', wish.team)
      if (teams.get(wish.team) !== undefined) {
        throw registryFault('team.exists', `a team \`${wish.team}\` is there already`)
      }
      return { kind, team: wish.team, members: teams.resolved(wish.members) }
    }
    case 'team-change': {
      const { members: before } = teams.find(wish.team)
      return { kind, team: wish.team, members: teams.changed(wish.team, wish), before }
    }
    case 'trust-add':
      return { kind, source: trust.draft(wish.source) }
    case 'trust-remove':
      if (trust.get(wish.name) === undefined) {
        throw trustFault('trust.unknown', 'there is no such trust source')
      }
      return wish
    case 'rule':
      return wish
  }
}

function newcomer(
  { kind, name, roles, publicKey }: Extract<Wish, { kind: 'person-create' }>,
  people: People,
): Extract<Governed, { kind: 'person-create' }> {
  checkName('a person', name)
  if (people.list().some((one) => one.name === name)) {
    throw fault('person.exists', `a person \`${name}\` is there already`)
  }
  checkFree(personKey(publicKey, 0).kid, people)
  return { kind, person: people.newId(), name, roles: checkedRoles(roles), publicKey }
}

function checkFree(kid: string, people: People): void {
  if (people.byCredential(kid) === undefined) return
  throw fault('person.exists', 'this key belongs to a person already')
}
