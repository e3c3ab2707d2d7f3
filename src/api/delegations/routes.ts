// Holds the routes of delegations: which there are, what hangs on what, and taking one back with all below it.

import { z } from 'zod'
import { rfc3339 } from '../../std/clock.ts'
import {
  DelegationRevoked,
  DelegationsAnswer,
  DelegationsQuery,
  DelegationTree,
  type Delegation as DelegationAnswer,
} from '../../wire/api/delegation.ts'
import { BecauseRequest, Id } from '../../wire/api/text.ts'
import type { Delegations } from '../../authority/delegation/delegations.ts'
import { delegationFault } from '../../authority/delegation/faults.ts'
import { mayUse } from '../access.ts'
import { pageOf } from '../page-of.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'

type Delegation = ReturnType<Delegations['find']>
/** Who asks. */
type Asker = Parameters<typeof mayUse>[1]

/** Links below one that are shown at most. */
const MOST_SHOWN = 1_000

const ById = z.strictObject({ id: Id })

function shown({ authority }: ControlPorts, one: Delegation): DelegationAnswer {
  return {
    id: one.id,
    person: one.person === '' ? null : personName(authority, one.person),
    agent: one.agent,
    instance: one.instance ?? null,
    by: one.by ?? null,
    parent: one.parent ?? null,
    scope: one.scope === undefined ? null : [...one.scope],
    task: one.task ?? null,
    depth: one.depth ?? 0,
    holds: authority.delegations.chainOf(one.id) !== undefined,
    created_at: rfc3339(one.createdAt),
    expires_at: rfc3339(one.expiresAt),
  }
}

/** Serves delegations: everybody their own, whoever may look or operate those of all. */
export function serveDelegations(surface: Surface, ports: ControlPorts): void {
  const { delegations } = ports.authority
  /** A person's own, or anybody's for who has one of the roles; else it is not there. */
  const found = (
    id: string,
    asker: { id: string; roles: Asker },
    access: 'viewer' | 'operator',
  ) => {
    const one = delegations.find(id)
    if (one.person === asker.id || mayUse(access, asker.roles)) return one
    throw delegationFault('delegation.unknown', 'this delegation is not known, or has ended')
  }
  surface.closed(
    'GET /v1/delegations',
    {
      summary: "Delegations that have not ended, oldest first: one's own, or all",
      query: DelegationsQuery,
      answer: DelegationsAnswer,
    },
    ({ query: { mine, agent, limit, cursor = '' }, person }) => {
      const all = mine === 'false' && mayUse('viewer', person.roles)
      const wanted = delegations
        .list()
        .filter(
          (one) =>
            one.id > cursor &&
            (all || one.person === person.id) &&
            (agent === undefined || one.agent === agent),
        )
      const { page, next } = pageOf(wanted, limit, ({ id }) => id)
      return { delegations: page.map((one) => shown(ports, one)), next }
    },
  )
  surface.closed(
    'GET /v1/delegations/{id}',
    {
      summary: 'A delegation with the chain above it and everything below',
      params: ById,
      answer: DelegationTree,
    },
    ({ params, person }) => {
      const one = found(params.id, person, 'viewer')
      return {
        chain: above(delegations, one).map((link) => shown(ports, link)),
        below: under(delegations, one).map((link) => shown(ports, link)),
      }
    },
  )
  surface.closed(
    'POST /v1/delegations/{id}/revoke',
    {
      summary: 'Take a delegation back with everything below it, at once',
      params: ById,
      body: BecauseRequest,
      answer: DelegationRevoked,
    },
    async ({ params, body, person }) => {
      const one = found(params.id, person, 'operator')
      const ids = [one, ...under(delegations, one)].map(({ id }) => id)
      await delegations.revoke(one.id, { by: person.id, reason: body.reason })
      return { id: one.id, revoked: ids }
    },
  )
}

/** The chain down to a delegation, also where it does not hold now. */
function above(delegations: Delegations, last: Delegation): readonly Delegation[] {
  const chain = [last]
  for (let at = last.parent; at !== undefined; at = chain[0]?.parent) {
    chain.unshift(delegations.find(at))
  }
  return chain
}

/** What is below, each after what it hangs on. */
function under(delegations: Delegations, top: Delegation): readonly Delegation[] {
  const found: Delegation[] = []
  const add = (one: Delegation): void => {
    for (const next of delegations.below(one.id)) {
      if (found.length >= MOST_SHOWN) return
      found.push(next)
      add(next)
    }
  }
  add(top)
  return found
}
