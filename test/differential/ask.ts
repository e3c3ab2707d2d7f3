// Holds the asking of both sides about policies that a test wrote itself.

import assert from 'node:assert/strict'
import type { CedarValueJson, EntityJson } from '@cedar-policy/cedar-wasm/nodejs'
import { oracle, type Oracle, type Verdict } from './oracle.ts'
import { ours } from './ours.ts'

/** Both sides, ready to be asked with a context; each answer is one that both gave. */
export type Both = (context?: Record<string, CedarValueJson>) => Verdict

const REQUEST = {
  principal: { type: 'User', id: 'ada' },
  action: { type: 'Action', id: 'view' },
  resource: { type: 'Photo', id: 'beach' },
}

function answered(side: Oracle, context: Record<string, CedarValueJson>): Verdict {
  const answer = side({ ...REQUEST, context })
  return typeof answer === 'string' ? assert.fail(answer) : answer
}

/** Prepares both sides for policies by id. The oracle knows one world at a time: ask before preparing the next. */
export function both(
  policies: Readonly<Record<string, string>>,
  entities: readonly EntityJson[] = [],
): Both {
  const world = {
    policies: new Map(Object.entries(policies)),
    templates: new Map<string, string>(),
    links: [],
    entities,
  }
  const library = oracle(world)
  if (typeof library === 'string') return assert.fail(library)
  const compiled = ours(world)
  return (context = {}) => {
    const [theirs, mine] = [answered(library, context), answered(compiled, context)]
    const told = ({ decision, reasons, errors }: Verdict) => ({ decision, reasons, errors })
    assert.deepEqual(told(mine), told(theirs))
    return mine
  }
}

/** Permits, one for each expression: which hold and which err is told by their places. */
export function permits(expressions: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    expressions.map((text, at) => [
      String(at),
      `permit (principal, action, resource) when { ${text} };`,
    ]),
  )
}
