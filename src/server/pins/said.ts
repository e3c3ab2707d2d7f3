// Holds what people say of actions, put onto definitions: effects, labels, measures and triggers, kept from one pin to the next.

import type { ActionFacts } from '../../policy/reality/facts.ts'
import { factsProblem, withFacts } from '../../policy/reality/facts.ts'
import type { Effect } from '../../wire/effect.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import { serverFault } from '../faults.ts'

/** The actions with what was said of those of the same name: their labels, and their effects unless they were just given. */
export function asBefore(
  actions: readonly ActionDefinition[],
  before: readonly ActionDefinition[],
  given = false,
): ActionDefinition[] {
  const old = new Map(before.map((action) => [action.name, action]))
  return actions.map((action) => {
    const { effects, labels = [], measures = {}, triggers = [] } = old.get(action.name) ?? action
    const own = given ? action.effects : effects
    return withFacts(action, { effects: own, labels, measures, triggers })
  })
}

/** The actions with what is said now. Throws `system.facts`. */
export function said(
  actions: readonly ActionDefinition[],
  facts: Readonly<Record<string, ActionFacts>>,
): ActionDefinition[] {
  const unknown = Object.keys(facts).find((name) => !actions.some((one) => one.name === name))
  if (unknown !== undefined) {
    throw serverFault('system.facts', `there is no action \`${unknown.slice(0, 128)}\``)
  }
  return actions.map((action) => {
    const now = withFacts(action, Object.hasOwn(facts, action.name) ? facts[action.name]! : {})
    const problem = factsProblem(now)
    if (problem === undefined) return now
    throw serverFault('system.facts', `of \`${action.name}\`: ${problem}`)
  })
}

/** The actions with the effects that a person confirmed; one that is not named has none. Throws `system.effects`. */
export function withEffects(
  actions: readonly ActionDefinition[],
  effects: Readonly<Record<string, readonly Effect[]>>,
): ActionDefinition[] {
  const unknown = Object.keys(effects).find(
    (name) => !actions.some((action) => action.name === name),
  )
  if (unknown !== undefined) {
    throw serverFault('system.effects', `there is no action \`${unknown.slice(0, 128)}\``)
  }
  return actions.map((action) => ({
    ...action,
    effects: [...new Set(effects[action.name] ?? [])],
  }))
}
