// Holds the check for gates that nobody can open: no person holds the role, no such team or check is there, or they are too few.

import { gateRule, type GateRule } from '../../../wire/gate.ts'
import { nearest } from '../../problem.ts'
import type { Analysis, Finding } from '../examined.ts'
import type { Registered } from '../registered.ts'

type Found = Pick<Finding, 'message' | 'help'>

function orMeant(near: string | undefined, help: string): string {
  return near === undefined ? help : `did you mean \`${near}\`?`
}

/** A gate that a program opens. */
function unchecked(gate: string, check: string, { checks }: Registered): Found | undefined {
  if (checks === undefined || checks.includes(check)) return undefined
  return {
    message: `nothing can answer at \`@gate("${gate}")\`: no check \`${check}\` is registered`,
    help: orMeant(nearest(check, checks), `register it: bailiwick check add ${check} …`),
  }
}

/** Teams and roles of a gate that are there for nobody, and what to do about the first. */
function lacking(
  who: GateRule['who'],
  { people, teams = [] }: Registered,
): { readonly words: string; readonly help: string } | undefined {
  const [first] = who
  if (first === undefined || first.kind === 'owner' || first.kind === 'user') return undefined
  const { name } = first
  const words = (kind: 'role' | 'team') =>
    who.flatMap((one) => (one.kind === kind ? [`\`${one.name}\``] : [])).join(' or ')
  const [roles, named] = [words('role'), words('team')]
  const both = [
    roles === '' ? '' : `no person holds the role ${roles}`,
    named === '' ? '' : `nobody is in the team ${named}`,
  ]
  const help =
    first.kind === 'role'
      ? orMeant(
          nearest(name, [...new Set(people.flatMap((person) => person.roles))]),
          `give it to somebody, beside the roles that they have: bailiwick person change NAME --role ${name} …`,
        )
      : orMeant(
          nearest(
            name,
            teams.map((team) => team.name),
          ),
          `make it: bailiwick team add ${name} --member NAME --reason …`,
        )
  return { words: both.filter(Boolean).join(', and '), help }
}

/** A gate that people open: too few are there, as far as that can be told before a call waits. */
function unapproved(gate: string, rule: GateRule, registered: Registered): Found | undefined {
  const { count, who } = rule
  const { people, teams } = registered
  // Owners and users are known when a call waits.
  const unknown = who.some(
    ({ kind }) => kind === 'owner' || kind === 'user' || (kind === 'team' && teams === undefined),
  )
  if (unknown) return undefined
  const able = people.filter(({ id, roles }) =>
    who.some((one) =>
      one.kind === 'role'
        ? roles.includes(one.name)
        : one.kind === 'team' &&
          teams?.some(({ name, members }) => name === one.name && members.includes(id)),
    ),
  )
  if (able.length >= count) return undefined
  if (able.length > 0) {
    return {
      message: `nobody can open \`@gate("${gate}")\`: it asks ${count} people, and ${able.length} could agree`,
      help: 'give the role to more people, or ask fewer',
    }
  }
  const { words, help } = lacking(who, registered)!
  return { message: `nobody can approve at \`@gate("${gate}")\`: ${words}`, help }
}

/** Gates without enough approvers, as far as that can be told: a role that nobody holds is one that a typo made. */
export function checkGates({ policies, registered }: Analysis): Finding[] {
  if (registered === undefined) return []
  return policies.flatMap(({ policy }): Finding[] => {
    const { gate } = policy
    if (gate === undefined) return []
    const rule = gateRule(gate)
    const found =
      rule.check === undefined
        ? unapproved(gate, rule, registered)
        : unchecked(gate, rule.check, registered)
    if (found === undefined) return []
    const offset = Math.max(0, policy.text.search(/@\s*gate\b/))
    return [{ policy, offset, code: 'policy.no_approver', ...found }]
  })
}
