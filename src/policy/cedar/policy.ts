// Holds one policy compiled: whom it is about, what it asks, and what it says of a question.

import type { EntityUidJson, Expr, PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { isIn, type Entities } from './entities.ts'
import {
  ExpressionCompiler,
  uidOf,
  type Compiled,
  type Frame,
  type Surroundings,
} from './expression.ts'
import { NotKnown, Trouble, trouble } from './trouble.ts'
import type { Uid } from './uid.ts'
import { typeName } from './value.ts'

/** What a policy says of a question: satisfied or not, an error, or that it hangs on what is not known. */
export type Said = boolean | Trouble | NotKnown

/** Keys of entities of which one has to be the part of the question itself, or above it; undefined: anything may be. */
export type ScopeKeys = readonly string[] | undefined

/** A compiled policy. */
export interface CompiledPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly keys: {
    readonly principal: ScopeKeys
    readonly action: ScopeKeys
    readonly resource: ScopeKeys
  }
  /** Whether the scope holds; never an error. */
  readonly inScope: (frame: Frame) => boolean
  /** What the conditions say where the scope holds. Never throws. */
  readonly say: (frame: Frame) => Said
  /** Turn of the last question for which it was a candidate; owned by the index. */
  seen: number
}

type Constraint = PolicyJson['principal'] | PolicyJson['resource'] | PolicyJson['action']

interface Scope {
  readonly keys: ScopeKeys
  readonly holds: (uid: Uid, entities: Entities) => boolean
}

const ANYTHING: Scope = { keys: undefined, holds: () => true }

type Place = { entity: EntityUidJson } | { slot: string }

function place(constraint: Place, slots: Surroundings['slots']): Uid | undefined {
  return 'slot' in constraint ? slots[constraint.slot] : uidOf(constraint.entity)
}

/** A slot that nothing fills holds for nobody: the library does not let such a policy decide at all. */
const NOBODY: Scope = { keys: [], holds: () => false }

function scopeOf(constraint: Constraint, slots: Surroundings['slots']): Scope {
  switch (constraint.op) {
    case 'All':
      return ANYTHING
    case '==': {
      const uid = place(constraint, slots)
      return uid === undefined ? NOBODY : { keys: [uid.key], holds: ({ key }) => key === uid.key }
    }
    case 'in': {
      if ('entities' in constraint) return among(constraint.entities.map(uidOf))
      const uid = place(constraint, slots)
      return uid === undefined ? NOBODY : among([uid])
    }
    case 'is': {
      const { entity_type: type, in: above } = constraint
      if (above === undefined) return { keys: undefined, holds: (uid) => uid.type === type }
      const within = place(above, slots)
      if (within === undefined) return NOBODY
      const { keys, holds } = among([within])
      return { keys, holds: (uid, entities) => uid.type === type && holds(uid, entities) }
    }
  }
}

function among(uids: readonly Uid[]): Scope {
  return {
    keys: uids.map(({ key }) => key),
    holds: (uid, entities) => uids.some((other) => isIn(entities, uid, other)),
  }
}

/** Compiles a policy, or a template with its slots filled. Throws an Error for JSON that is no policy. */
export function compilePolicy(id: string, json: PolicyJson, around: Surroundings): CompiledPolicy {
  const principal = scopeOf(json.principal, around.slots)
  const action = scopeOf(json.action, around.slots)
  const resource = scopeOf(json.resource, around.slots)
  const compiler = new ExpressionCompiler(around)
  const conditions = json.conditions.map(({ kind, body }) =>
    condition(compiler, body, kind === 'when'),
  )
  return {
    id,
    effect: json.effect,
    keys: { principal: principal.keys, action: action.keys, resource: resource.keys },
    inScope: (frame) =>
      action.holds(frame.action, frame.entities) &&
      principal.holds(frame.principal, frame.entities) &&
      resource.holds(frame.resource, frame.entities),
    say: (frame) => {
      try {
        for (const holds of conditions) if (!holds(frame)) return false
        return true
      } catch (error) {
        if (error instanceof Trouble || error instanceof NotKnown) return error
        throw error
      }
    },
    seen: 0,
  }
}

/** A `when` (or, turned round, an `unless`) as a test. */
function condition(
  compiler: ExpressionCompiler,
  body: Expr,
  holds: boolean,
): (frame: Frame) => boolean {
  const run: Compiled = compiler.compile(body)
  return (frame) => {
    const value = run(frame)
    if (typeof value === 'boolean') return value === holds
    return trouble('type', `type error: expected bool, got ${typeName(value)}`)
  }
}
