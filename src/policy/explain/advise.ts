// Holds what the agent is told of a denial besides its reason: what helps it do right, and nothing that helps it probe.

import type { Decision, DecisionRequest } from '../../wire/decision.ts'
import type { Asked } from '../entity.ts'
import type { DecidingParts } from '../parts.ts'
import { partiesOf } from '../question.ts'
import { scopeOf, speaksTo } from '../scope.ts'
import { changesFor, type Change } from './changes.ts'
import { isOpen, nearPermits } from './move.ts'
import type { World } from './world.ts'

/** Sentences that an agent is told. */
const MAX_TOLD = 4

/** What authors wrote for the agent: of the forbids that deny a party, or of the permits that speak of what it asked for. */
function written(world: World, asked: Asked, denied: Decision['parties'][number]): string[] {
  const forbids = denied.policies.flatMap(({ id }) => world.parts.policies.get(id) ?? [])
  if (forbids.length > 0) return forbids.flatMap(({ advice }) => advice ?? [])
  if (asked === 'task') return []
  const scope = scopeOf(asked, world.request)
  return nearPermits(world, asked, 'agent')
    .filter((permit) => speaksTo(permit, scope))
    .flatMap(({ advice }) => advice ?? [])
}

/**
 * True where an agent may be told of a change. It has to lead somewhere: a change after which another party still denies would say
 * what that party's policies are. Tasks and people are asked for by anybody. Bounds on numbers are told where the author gave a
 * reason or advice, or where they are of the task's own scope; what stands in lists and patterns is never told.
 */
function tellable(world: World, { told, about, bound, asked }: Change): boolean {
  const { after, kind, verified } = told
  if (!verified || after === 'deny') return false
  if (kind === 'task' || kind === 'user') return about.length === 0
  if (kind !== 'argument' && kind !== 'history') return false
  return bound && (asked === 'task' || about.every((id) => known(world, id)))
}

function known({ parts }: World, id: string): boolean {
  const policy = parts.policies.get(id)
  return policy !== undefined && isOpen(policy)
}

/** What is told of a denied call, of changes that are known already; authors' words first. */
export function adviceFrom(world: World, decision: Decision, changes: readonly Change[]): string[] {
  if (decision.answer !== 'deny') return []
  const parties = partiesOf(world.request)
  const told = parties.flatMap((asked, at) => {
    const answer = decision.parties[at]!
    try {
      return answer.answer === 'deny' ? written(world, asked, answer) : []
    } catch {
      return []
    }
  })
  const more = changes.filter((change) => tellable(world, change))
  const words = more.map((change) => change.told.words)
  return [...new Set([...told, ...words])].slice(0, MAX_TOLD)
}

/** The same, of a decision that was taken. Never throws; a denial without anything to say costs little. */
export function advise(
  parts: DecidingParts,
  request: DecisionRequest,
  decision: Decision,
): string[] {
  const world: World = { parts, request }
  const changes = partiesOf(request).flatMap((asked, at): Change[] => {
    const answer = decision.parties[at]!
    if (answer.answer !== 'deny') return []
    try {
      return changesFor(world, asked, answer, 'agent')
    } catch {
      return []
    }
  })
  return adviceFrom(world, decision, changes)
}
