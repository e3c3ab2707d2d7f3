// Holds the ways in which the clauses of a policy would come out otherwise: few edits, found from the clause that decided.

import type { DecisionRequest } from '../../wire/decision.ts'
import type { Asked } from '../entity.ts'
import { checkOf } from './check.ts'
import type { Clause } from './clause.ts'
import { editFor, type Edit } from './edit.ts'
import { outcome, type Weighed } from './weigh.ts'

/** Edits that belong together. */
export type Way = readonly Edit[]

/** Ways of one clause, and edits of one way, that are looked at. */
const MAX_WAYS = 8
const MAX_EDITS = 6

/** For whom, and where everything stands now. */
export interface Standing {
  readonly asked: Asked
  readonly request: DecisionRequest
  readonly values: ReadonlyMap<Clause, Weighed>
}

/** Ways in which a clause would be true, or false. The empty way: it is so already. */
export function waysTo(clause: Clause, want: boolean, standing: Standing): readonly Way[] {
  const { asked, request, values } = standing
  const now = outcome(clause, values)
  if (now === String(want)) return [[]]
  switch (clause.kind) {
    case 'leaf': {
      const check = checkOf(clause.tokens)
      const edit = check && editFor(check, want, asked, request)
      return edit === undefined ? [] : [[edit]]
    }
    case 'not':
      return waysTo(clause.part, !want, standing)
    case 'all':
      return want ? together(clause.parts, want, standing) : apart(clause.parts, want, standing)
    case 'any':
      return want ? apart(clause.parts, want, standing) : together(clause.parts, want, standing)
  }
}

/** One part is enough. */
function apart(parts: readonly Clause[], want: boolean, standing: Standing): Way[] {
  return parts
    .flatMap((part) => waysTo(part, want, standing))
    .sort((a, b) => a.length - b.length)
    .slice(0, MAX_WAYS)
}

/** Every part has to come out so. */
function together(parts: readonly Clause[], want: boolean, standing: Standing): Way[] {
  let out: Way[] = [[]]
  for (const part of parts) {
    const more = waysTo(part, want, standing)
    out = out.flatMap((way) => more.map((one) => joined(way, one))).slice(0, MAX_WAYS)
  }
  return out.filter((way) => way.length <= MAX_EDITS)
}

/** Two ways as one: that an argument has to be sent is said by whatever it has to be. */
function joined(a: Way, b: Way): Way {
  const all = [...a, ...b]
  return all.filter(
    (edit, at) =>
      !all.some(
        (one, other) =>
          other !== at &&
          (one.place === edit.place || one.place.startsWith(`${edit.place}/`)) &&
          edit.apply === undefined &&
          one.apply !== undefined,
      ),
  )
}

/** The request with all edits of a way; undefined where one of them is nothing concrete. */
export function applied(way: Way, request: DecisionRequest): DecisionRequest | undefined {
  let out = request
  for (const { apply } of way) {
    if (apply === undefined) return undefined
    out = apply(out)
  }
  return out
}
