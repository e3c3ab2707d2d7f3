// Holds what an explanation shows of a policy: its clauses, what each came to, and the values that it read.

import { rfc3339 } from '../../std/clock.ts'
import { isObject, stringifyJson, type Json, type JsonObject } from '../../std/json.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { ExplainedPolicy } from '../../wire/api/explanation.ts'
import { counts, demandsOn, namesAbsent } from '../counts.ts'
import { effective, type Asked } from '../entity.ts'
import type { Question } from '../engine.ts'
import type { Policy } from '../policy.ts'
import { scopeOf, speaksTo } from '../scope.ts'
import { pathsOf, type Path } from './check.ts'
import { leavesOf, type Clause } from './clause.ts'
import { leafValues, outcome, weighable, type Weighed } from './weigh.ts'

/** Characters of a value that are shown. */
const MAX_VALUE = 200

/** The context of a call for people to read. */
function readable(request: DecisionRequest): JsonObject {
  const { input, effects, triggers = [], triggered = [], person, task, history } = request
  const { network, attested = {}, now } = request
  return {
    input,
    effects: [...new Set([...effective(effects), ...triggered])],
    triggers: [...triggers],
    now: rfc3339(now),
    ...(person !== undefined && { user: person.id }),
    ...(task !== undefined && {
      task: { id: task.id, intent: task.intent, person: task.person, endsAt: rfc3339(task.endsAt) },
    }),
    ...(history !== undefined && { history: history as unknown as JsonObject }),
    ...(network !== undefined && {
      network: { listener: network.listener, ip: network.address },
    }),
    attested: { ...attested } as JsonObject,
  }
}

function valueAt(tree: JsonObject, path: Path): string | undefined {
  let value: Json | undefined = tree
  for (const name of path) {
    value =
      value !== undefined && isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined
  }
  return value === undefined ? undefined : stringifyJson(value).slice(0, MAX_VALUE)
}

/** A call as clauses are held against it. */
export interface Held {
  readonly asked: Asked
  readonly request: DecisionRequest
  readonly question: Question
  /** True where values of arguments may be shown. */
  readonly values: boolean
}

type Clauses = ExplainedPolicy['clauses']

function clausesOf(policy: Policy, held: Held): { clauses: Clauses; decisive: string | undefined } {
  const taken = weighable(policy)
  const values = leafValues(taken, held.question)
  const tree = readable(held.request)
  const clauses: Clauses = []
  let decisive: string | undefined
  let over = false
  for (const { kind, clause, text } of taken.conditions) {
    const asked = new Set<Clause>()
    const came = over ? undefined : outcome(clause, values, asked)
    for (const leaf of leavesOf(clause)) {
      const { result, error }: Weighed = asked.has(leaf) ? values.get(leaf)! : { result: 'unasked' }
      clauses.push({
        kind,
        text: leaf.text,
        result,
        ...(error !== undefined && { error }),
        values: pathsOf(leaf.tokens).map((path) => {
          const value = held.values ? valueAt(tree, path) : undefined
          return { path: path.join('.'), ...(value !== undefined && { value }) }
        }),
      })
    }
    if (came === undefined || came === (kind === 'when' ? 'true' : 'false')) continue
    // Cedar asks no further: what was asked last decided.
    over = true
    const last = [...asked].at(-1)
    decisive = last?.kind === 'leaf' ? last.text : text
  }
  return { clauses, decisive }
}

function conditionWords(policy: Policy): string {
  const { conditions } = weighable(policy)
  if (conditions.length === 0) return 'for every call in its scope'
  const all = conditions.map(({ kind, text }) => {
    const flat = text.replaceAll(/\s+/g, ' ')
    return kind === 'when' ? `\`${flat}\`` : `not \`${flat}\``
  })
  return `because ${all.join(' and ')}`
}

function wordsFor(
  policy: Policy,
  part: ExplainedPolicy['part'],
  { asked, request }: Held,
  decisive: string | undefined,
): string {
  const verb = policy.effect === 'permit' ? 'permits' : 'forbids'
  if (part === 'determined') return `it ${verb} ${conditionWords(policy)}`
  if (part === 'erred') return `it cannot be evaluated: \`${decisive ?? policy.id}\``
  if (!speaksTo(policy, scopeOf(asked, request))) return 'it speaks of other principals'
  if (decisive !== undefined) {
    return `it would permit, but \`${decisive.replaceAll(/\s+/g, ' ')}\` decides against it`
  }
  const demands = demandsOn(asked, request)
  if (counts(demands, policy)) return `it ${verb} ${conditionWords(policy)}`
  return namesAbsent(demands, policy)
    ? 'it permits, but does not say `@crosses("environment")`'
    : `it permits, but does not say \`@without("${demands.without.join(', ')}")\``
}

/** A policy as an explanation shows it. Throws what the engine throws. */
export function shownPolicy(
  policy: Policy,
  part: ExplainedPolicy['part'],
  held: Held,
): ExplainedPolicy {
  const { clauses, decisive } = clausesOf(policy, held)
  const { id, effect, file, line, text, reason, gate, advice } = policy
  return {
    id,
    effect,
    file,
    line,
    text,
    part,
    words: wordsFor(policy, part, held, decisive),
    ...(reason !== undefined && { reason }),
    ...(gate !== undefined && { gate }),
    ...(advice !== undefined && { advice }),
    clauses,
  }
}
