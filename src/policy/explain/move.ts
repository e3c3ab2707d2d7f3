// Holds the single moves that could change a party's answer: what would have to be otherwise, how large that is, and how it is tried.

import type { PartyAnswer } from '../../wire/decision.ts'
import type { ExplainedChange } from '../../wire/api/explanation.ts'
import { callContext } from '../context.ts'
import { counts, demandsOn, namesAbsent } from '../counts.ts'
import type { Asked } from '../entity.ts'
import type { Policy } from '../policy.ts'
import { pinned, questionOf } from '../question.ts'
import { scopeOf, speaksOf, speaksTo } from '../scope.ts'
import { roleEdit } from './edit.ts'
import { applied, waysTo, type Way } from './fix.ts'
import { leafValues, weighable } from './weigh.ts'
import { withPermit, withPolicy, type World } from './world.ts'

/** The kind of a change. */
type Kind = ExplainedChange['kind']

/** One change of one thing. */
export interface Move {
  readonly kind: Kind
  readonly words: string
  readonly policy?: string
  /** True where its only edits are bounds on numbers. */
  readonly bound: boolean
  readonly cost: number
  /** The world with it; absent where nothing concrete can be put there. May throw. */
  readonly apply?: (world: World) => World
}

/** How large a change is: the caller's own arguments are the smallest, a policy more the largest. */
const COSTS: Readonly<Record<Kind, number>> = {
  argument: 1,
  history: 2,
  approval: 2,
  task: 3,
  context: 4,
  user: 5,
  role: 6,
  without: 8,
  crosses: 8,
  permit: 12,
}

/** Permits beside the point that are looked at. */
const MAX_NEAR = 12

function moveOf(way: Way, policy: Policy): Move | undefined {
  if (way.length === 0) return undefined
  const kinds = way.map(({ kind }) => kind).sort((a, b) => COSTS[b] - COSTS[a])
  return {
    kind: kinds[0]!,
    words: way.map(({ words }) => words).join(' and '),
    policy: policy.id,
    bound: way.every(({ bound }) => bound),
    cost: kinds.reduce((sum, kind) => sum + COSTS[kind], 0),
    ...(way.every(({ apply }) => apply !== undefined) && {
      apply: ({ parts, request }: World) => ({ parts, request: applied(way, request) ?? request }),
    }),
  }
}

/** Ways in which a policy's conditions would hold, or not. */
function movesFor(policy: Policy, want: boolean, asked: Asked, { parts, request }: World): Move[] {
  const { input } = pinned(parts, request)
  const context = callContext(input, request, request.input, request.now)
  const taken = weighable(policy)
  const values = leafValues(taken, questionOf(asked, request, context))
  return waysTo(taken.whole, want, { asked, request, values }).flatMap(
    (way) => moveOf(way, policy) ?? [],
  )
}

/** The role whose lack keeps a permit from speaking to a party. */
function lackedRole({ json }: Policy): string | undefined {
  const { principal } = json
  const inside =
    principal.op === 'is' ? principal.in : principal.op === 'in' ? principal : undefined
  if (inside === undefined || !('entity' in inside)) return undefined
  const { entity } = inside
  const { type, id } = '__entity' in entity ? entity.__entity : entity
  return type === 'Role' ? id : undefined
}

/** Whether a permit could speak to principals of a party's type at all. */
function ofType({ json }: Policy, asked: Asked): boolean {
  const type = asked === 'person' ? 'Person' : asked === 'task' ? 'Task' : 'Instance'
  return json.principal.op !== 'is' || json.principal.entity_type === type
}

/** For whom moves are looked for: an agent's are those alone that its policies' authors made known. */
export type Audience = 'operator' | 'agent'

/** True where a policy's author wanted its bound known: it gives a reason for what it forbids, or advice. */
export function isOpen(policy: Policy): boolean {
  return policy.advice !== undefined || (policy.effect === 'forbid' && policy.reason !== undefined)
}

/** Permits of a set whose authors gave advice: few, and found once, so that a denial costs no look at every policy. */
const advised = new WeakMap<object, readonly Policy[]>()

function advisedPermits({ policies }: World['parts']): readonly Policy[] {
  const known = advised.get(policies)
  if (known !== undefined) return known
  const found = [...policies.values()].filter((one) => one.effect === 'permit' && isOpen(one))
  advised.set(policies, found)
  return found
}

/** Everything that could permit a party: for a task its own scope, which whoever works on it knows. */
function permitsFor(
  { parts, request }: World,
  asked: Asked,
  audience: Audience,
): readonly Policy[] {
  if (asked === 'task') {
    const compiled = parts.scopes.of(request.task!)
    return compiled.ok ? compiled.scope.policies : []
  }
  return audience === 'agent' ? advisedPermits(parts) : [...parts.policies.values()]
}

/** Permits that speak of the action, those that speak to the party first; for an agent only those with advice. */
export function nearPermits(world: World, asked: Asked, audience: Audience): Policy[] {
  const scope = scopeOf(asked, world.request)
  return permitsFor(world, asked, audience)
    .filter((one) => one.effect === 'permit' && speaksOf(one, scope) && ofType(one, asked))
    .sort((a, b) => Number(speaksTo(b, scope)) - Number(speaksTo(a, scope)))
    .slice(0, MAX_NEAR)
}

function permitMoves(world: World, asked: Asked, audience: Audience): Move[] {
  const scope = scopeOf(asked, world.request)
  return nearPermits(world, asked, audience).flatMap((policy) => {
    if (speaksTo(policy, scope)) return movesFor(policy, true, asked, world)
    if (audience === 'agent') return []
    const role = lackedRole(policy)
    const edit = role === undefined ? undefined : roleEdit(asked, role)
    return edit === undefined ? [] : (moveOf([edit], policy) ?? [])
  })
}

/** Moves where what permits does not name who is absent, or does not cross. */
function namingMoves(world: World, asked: Asked, answer: PartyAnswer, audience: Audience): Move[] {
  const { request } = world
  const demands = demandsOn(asked, request)
  const scope = scopeOf(asked, request)
  const out: Move[] = []
  const { system, action } = request
  if (answer.without?.includes('task') === true) {
    const words = `open a task whose scope covers \`${system}/${action}\``
    out.push({ kind: 'task', words, bound: false, cost: COSTS.task, apply: withTask })
  }
  if (answer.without?.includes('user') === true) {
    const words = 'act on behalf of a person who may do this'
    out.push({ kind: 'user', words, bound: false, cost: COSTS.user, apply: withUser })
  }
  if (audience === 'agent') return out
  for (const policy of nearPermits(world, asked, audience)) {
    if (!speaksTo(policy, scope) || counts(demands, policy)) continue
    const naming = !namesAbsent(demands, policy)
    const names = [...new Set([...(policy.without ?? []), ...demands.without])]
    const changed: Policy = {
      ...policy,
      without: names,
      ...(demands.environments !== undefined && { crosses: 'environment' }),
    }
    const said = naming ? `@without("${names.join(', ')}")` : '@crosses("environment")'
    const kind = naming ? 'without' : 'crosses'
    out.push({
      kind,
      words: `let \`${policy.id}\` say \`${said}\``,
      policy: policy.id,
      bound: false,
      cost: COSTS[kind],
      apply: (from) => withPolicy(from, changed),
    })
  }
  return out
}

function withTask({ parts, request }: World): World {
  const scope = [{ action: `${request.system}/${request.action}` }]
  const task = {
    id: 'another',
    intent: '',
    person: request.person?.id ?? '',
    budget: {},
    ...request.task,
    endsAt: request.now + 1,
    scope,
    scopeDigest: `${request.system}/${request.action}`,
  }
  return { parts, request: { ...request, task } }
}

function withUser({ parts, request }: World): World {
  return { parts, request: { ...request, person: { id: 'another', roles: [] } } }
}

/** Everything that one step could be from where a denied party stands. Throws what deciding throws. */
export function movesFrom(
  world: World,
  asked: Asked,
  answer: PartyAnswer,
  audience: Audience,
): Move[] {
  const against = [
    ...answer.policies.filter(({ effect, gate }) => effect === 'forbid' && gate === undefined),
    ...answer.errors.filter(({ effect }) => effect === 'forbid'),
  ]
  const forbids = against.flatMap(({ id }) => world.parts.policies.get(id) ?? [])
  if (forbids.length > 0) {
    if (audience === 'agent' && !forbids.every(isOpen)) return []
    return forbids.flatMap((policy) => movesFor(policy, false, asked, world))
  }
  const out = [
    ...permitMoves(world, asked, audience),
    ...namingMoves(world, asked, answer, audience),
  ]
  if (asked === 'task') {
    const { system, action } = world.request
    const words = `work on a task whose scope covers \`${system}/${action}\` with these arguments`
    out.push({ kind: 'task', words, bound: false, cost: COSTS.task, apply: withTask })
  }
  return out
}

/** Moves that nothing in the set suggests: a policy more. */
export function lastMoves(world: World, asked: Asked): Move[] {
  if (asked === 'task') return []
  const text = suggested(world, asked)
  const words = 'a policy that permits it, for example this one'
  const apply = (from: World): World => withPermit(from, text)
  return [{ kind: 'permit', words: `${words}: ${text}`, bound: false, cost: COSTS.permit, apply }]
}

/** A permit for a party and this very action. */
function suggested({ request }: World, asked: Asked): string {
  const { agent, person, system, action } = request
  const principal =
    asked === 'person'
      ? `principal == Person::${JSON.stringify(person!.id)}`
      : `principal in Agent::${JSON.stringify(typeof asked === 'string' ? agent.name : asked.name)}`
  const { environments, without } = demandsOn(asked, request)
  return [
    `@id(${JSON.stringify(`${asked === 'person' ? 'person' : 'agent'}-may-${action}`.replaceAll(/[^A-Za-z0-9._/-]/g, '-'))})`,
    ...(without.length > 0 ? [`@without("${without.join(', ')}")`] : []),
    ...(environments === undefined ? [] : ['@crosses("environment")']),
    `permit (${principal}, action == Action::${JSON.stringify(`${system}/${action}`)}, resource);`,
  ].join(' ')
}
