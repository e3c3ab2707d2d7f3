// Holds the check for permits that never count, because all who hold them are of other environments than what they open.

import type { Analysis, Examined, Finding } from '../examined.ts'
import { typesOf } from '../cover.ts'
import type { Registered, RegisteredAgent } from '../registered.ts'

/** Agents that the principal of a permit can be; undefined where it can be somebody else too. */
function agentsOf({ principals }: Examined, registered: Registered) {
  const { in: above } = principals
  if (above === undefined || !typesOf(principals).includes('Instance')) return undefined
  if (above.type === 'Agent') return registered.agents.filter(({ name }) => name === above.id)
  const people = registered.people.some(({ roles }) => roles.includes(above.id))
  if (above.type !== 'Role' || (people && principals.type !== 'Instance')) return undefined
  return registered.agents.filter(({ roles }) => roles.includes(above.id))
}

function environmentsOf(agents: readonly RegisteredAgent[]): string {
  return [...new Set(agents.map(({ environment }) => `\`${environment}\``))].sort().join(', ')
}

/** Permits that would have to say `@crosses`, or name an absent party that their agents never act without. */
export function checkCrossing({ policies, registered, schema }: Analysis): Finding[] {
  if (registered === undefined) return []
  return policies.flatMap((one): Finding[] => {
    const { policy, actions } = one
    const agents = policy.effect === 'permit' ? agentsOf(one, registered) : undefined
    if (agents === undefined || agents.length === 0 || actions.size === 0) return []
    const places = new Set(
      [...actions].map(
        (id) => registered.environments[schema.actions.get(id)!.system] ?? 'default',
      ),
    )
    const meet = agents.some(({ environment }) => places.has(environment))
    const out: Finding[] = []
    if (!meet && policy.crosses === undefined) {
      out.push({
        policy,
        code: 'policy.never_counts',
        message: `\`${policy.id}\` never counts: its agents are of ${environmentsOf(agents)}, its systems of ${[
          ...places,
        ]
          .sort()
          .map((name) => `\`${name}\``)
          .join(', ')}`,
        help: 'if they are meant to meet, add @crosses("environment")',
      })
    }
    if (policy.without?.includes('user') === true && !agents.some((agent) => agent.unattended)) {
      out.push(without(one, 'user', 'unattended'))
    }
    if (policy.without?.includes('task') === true && !agents.some((agent) => agent.taskless)) {
      out.push(without(one, 'task', 'taskless'))
    }
    return out
  })
}

function without({ policy }: Examined, party: string, word: string): Finding {
  return {
    policy,
    offset: Math.max(0, policy.text.search(/@\s*without\b/)),
    code: 'policy.never_counts',
    message: `\`@without("${party}")\` of \`${policy.id}\` never matters: none of its agents is registered to act without a ${party}`,
    help: `register one so (--${word}), or leave the annotation out`,
  }
}
