// Holds changes of who governs as people read them: one sentence, and names in place of ids.

import { rfc3339 } from '../../std/clock.ts'
import { concerned } from '../../authority/governance/weight.ts'
import type { Governance } from '../../authority/governance/governance.ts'
import type { GovernanceChange as ChangeAnswer } from '../../wire/api/governance.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

/** A change as the authority has it. */
export type Change = ReturnType<Governance['get']>
type What = Change['what']
type Registry = Pick<ControlPorts['authority'], 'people'>

/** A change, as one person sees it. */
export function shownChange(
  { authority }: Pick<ControlPorts, 'authority'>,
  change: Change,
  person: string,
): ChangeAnswer {
  const { id, what, proposed, from, how, state, ended } = change
  const about = concerned(what)
  return {
    id,
    kind: what.kind,
    text: textOf(authority, what),
    person: about === undefined ? null : { id: about, name: nameIn(authority, what, about) },
    proposed_by: personName(authority, proposed.person),
    proposed_at: rfc3339(proposed.at),
    reason: proposed.reason,
    state,
    how: how ?? null,
    from: state !== 'open' || from === null ? null : rfc3339(from),
    expires_at: rfc3339(change.expiresAt),
    ended_by:
      ended === undefined || ended.person === '' ? null : personName(authority, ended.person),
    ended_at: ended === undefined ? null : rfc3339(ended.at),
    ended_reason: ended?.reason ?? null,
    unseen: authority.governance.isUnseen(change, person),
  }
}

/** The name of somebody in a change: of whom it creates, the one that they will have. */
function nameIn(authority: Registry, what: What, id: string): string {
  if (what.kind !== 'person-create') return personName(authority, id)
  return authority.people.known(id)?.name ?? what.name
}

function textOf(authority: Registry, what: What): string {
  const name = (id: string): string => nameIn(authority, what, id)
  const names = (ids: readonly string[]): string => ids.map(name).join(', ')
  switch (what.kind) {
    case 'person-create':
      return `add ${name(what.person) || 'a person'}, with ${listed(what.roles)}`
    case 'person-roles':
      return `give ${name(what.person)} ${listed(what.roles)} in place of ${listed(what.before)}`
    case 'person-leave':
      return `${name(what.person)} leaves`
    case 'person-key':
      return `give ${name(what.person)} another key`
    case 'person-key-remove':
      return `take a ${what.passkey ? 'passkey' : 'key'} from ${name(what.person)}`
    case 'team-create':
      return `make the team ${what.team} of ${names(what.members)}`
    case 'team-change': {
      const added = what.members.filter((one) => !what.before.includes(one))
      const gone = what.before.filter((one) => !what.members.includes(one))
      const parts = [
        ...(added.length === 0 ? [] : [`put ${names(added)} in`]),
        ...(gone.length === 0 ? [] : [`take ${names(gone)} out`]),
      ]
      return `team ${what.team}: ${parts.join(', ')}`
    }
    case 'trust-add':
      return `trust ${what.source.name} (${what.source.kind}${what.source.issuer && ` ${what.source.issuer}`})`
    case 'trust-remove':
      return `trust ${what.name} no more`
    case 'keys':
      return KEYS[what.act]
    case 'gateway':
      return textOfGateway(what)
    case 'rule':
      return `two have to agree to changes of who governs: ${what.changes}; to policies: ${what.policies}`
  }
}

const NAMES_SHOWN = 12

const KEYS = {
  rotate: 'publish another root of the authority',
  rekey: 'distrust the roots of the authority, and begin anew',
  tokens: 'replace the key that signs tokens',
} as const

function textOfGateway({ act, gateway, systems }: Extract<What, { kind: 'gateway' }>): string {
  const all = systems === null ? 'every system' : namesOf(systems) || 'no system'
  switch (act) {
    case 'add':
      return `register the gateway ${gateway}, for ${all}`
    case 'invite':
      return `let the gateway ${gateway} enrol again, for ${all}`
    case 'change':
      return `assign the gateway ${gateway} ${all}`
    case 'remove':
      return `remove the gateway ${gateway}`
  }
}

/** As many names as one reads. */
function namesOf(names: readonly string[]): string {
  const more = names.length - NAMES_SHOWN
  const shown = names.slice(0, NAMES_SHOWN).join(', ')
  return more > 0 ? `${shown} and ${more} more` : shown
}

function listed(roles: readonly string[]): string {
  return roles.length === 0 ? 'no roles' : `the roles ${roles.join(', ')}`
}
