// Holds the check for conditions that are constant: false whatever the call is, or true where something was to be asked.

import type { Analysis, Finding } from '../examined.ts'

type Expr = Readonly<Record<string, unknown>>

/** An expression's truth where it is the same for every call. */
function constant(expr: unknown): boolean | undefined {
  if (typeof expr !== 'object' || expr === null) return undefined
  const { Value: value, '!': not, '&&': and, '||': or, '==': same } = expr as Expr
  if (typeof value === 'boolean') return value
  if (not !== undefined) {
    const inner = constant((not as Expr)['arg'])
    return inner === undefined ? undefined : !inner
  }
  if (and !== undefined) return joined(and as Expr, false)
  if (or !== undefined) return joined(or as Expr, true)
  if (same !== undefined) return literal(same as Expr)
  return undefined
}

function joined({ left, right }: Expr, ends: boolean): boolean | undefined {
  const [a, b] = [constant(left), constant(right)]
  if (a === ends || b === ends) return ends
  return a === undefined || b === undefined ? undefined : !ends
}

/** Two texts that are written out. Numbers are left alone: their digits may be more than a double holds. */
function literal({ left, right }: Expr): boolean | undefined {
  const text = (side: unknown): string | undefined => {
    const value = (side as Expr | null)?.['Value']
    return typeof value === 'string' ? value : undefined
  }
  const [a, b] = [text(left), text(right)]
  return a === undefined || b === undefined ? undefined : a === b
}

/** Policies with a clause that never lets them apply, and clauses that ask nothing. */
export function checkNever({ policies }: Analysis): Finding[] {
  return policies.flatMap(({ policy, parts }) =>
    policy.json.conditions.flatMap(({ kind, body }, at): Finding[] => {
      const truth = constant(body)
      if (truth === undefined) return []
      const offset = parts.clauses[at]?.start ?? 0
      if (truth === (kind === 'unless')) {
        const message = `\`${policy.id}\` never applies: its \`${kind}\` is always ${truth}`
        return [{ policy, offset, code: 'policy.never_applies', message }]
      }
      const message = `the \`${kind}\` of \`${policy.id}\` asks nothing: it is always ${truth}`
      return [{ policy, offset, code: 'policy.redundant', message }]
    }),
  )
}
