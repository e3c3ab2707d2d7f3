// Holds the analysis of a policy set: what is valid and cannot mean what it says, found without deciding anything.

import type { Policy } from '../policy.ts'
import { placeAt } from '../source.ts'
import type { Problem } from '../problem.ts'
import type { PolicySchema } from '../schema.ts'
import { checkContained } from './check/contained.ts'
import { checkCrossing } from './check/crossing.ts'
import { checkGates } from './check/gates.ts'
import { checkNames } from './check/names.ts'
import { checkNever } from './check/never.ts'
import { checkShadowed } from './check/shadowed.ts'
import { checkUnreachable } from './check/unreachable.ts'
import { partsOf } from './clause.ts'
import { ActionCover, principalsOf } from './cover.ts'
import type { Analysis, Examined, Finding } from './examined.ts'
import type { Registered } from './registered.ts'

/** Every check, in the order in which it is told. */
const CHECKS: readonly ((of: Analysis) => Finding[])[] = [
  checkUnreachable,
  checkNever,
  checkShadowed,
  checkContained,
  checkGates,
  checkNames,
  checkCrossing,
]

/** Findings that are told of one set. */
const MOST_FINDINGS = 500

function examined(policy: Policy, cover: ActionCover): Examined {
  const parts = partsOf(policy.text)
  const conditions = parts.clauses.map(({ kind, tokens }) => `${kind} { ${tokens} }`).sort()
  return { policy, parts, conditions, actions: cover.of(policy), principals: principalsOf(policy) }
}

/** A finding at its place: line and column in the policy's file, both from 1. */
function placed({ policy, offset = 0, code, message, help }: Finding): Problem {
  const { line, column } = placeAt(policy.text, offset)
  return {
    file: policy.file,
    line: policy.line + line - 1,
    column: line === 1 ? (policy.column ?? 1) - 1 + column : column,
    code,
    message,
    ...(help !== undefined && { help }),
  }
}

/** Analyses a set that is valid. Pure; what it says is advice, and keeps no set from deciding. */
export function analyse(
  set: { readonly policies: ReadonlyMap<string, Policy>; readonly schema: PolicySchema },
  registered?: Registered,
): Problem[] {
  const cover = new ActionCover(set.schema)
  const of: Analysis = {
    policies: [...set.policies.values()].map((policy) => examined(policy, cover)),
    schema: set.schema,
    ...(registered !== undefined && { registered }),
  }
  return CHECKS.flatMap((check) => check(of))
    .slice(0, MOST_FINDINGS)
    .map(placed)
}
