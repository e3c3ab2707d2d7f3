// Holds what a person can tick: the actions behind the patterns that a client asks for.

import type { SystemDefinition } from '../../wire/system.ts'
import { EFFECTS, type Effect } from '../../wire/effect.ts'
import { patternCovers, scopeReaches } from '../../wire/scope.ts'

/** Ticks on one page; beyond that, systems are offered as wholes. */
const MOST_TICKS = 200

/** One thing to tick. */
export interface Tick {
  /** What is granted by it. */
  readonly pattern: string
  /** Empty for a whole system. */
  readonly action: string
  readonly title?: string
  /** All of them where nobody confirmed any: that is what it counts as. */
  readonly effects: readonly Effect[]
  /** Whether it is ticked to begin with: only what reads is. */
  readonly ticked: boolean
}

/** The ticks of one system. */
export interface Offer {
  readonly system: string
  /** How many actions it has today. */
  readonly actions: number
  readonly ticks: readonly Tick[]
}

type Systems = readonly { readonly definition: SystemDefinition }[]

/** What can be ticked, system by system, within the patterns that are asked for. */
export function offersFor(scope: readonly string[], systems: Systems): readonly Offer[] {
  const within = systems.filter(({ definition }) => scopeReaches(scope, definition.name))
  const all = within.map((system) => offerOf(scope, system, true))
  const count = all.reduce((sum, { ticks }) => sum + ticks.length, 0)
  return count <= MOST_TICKS ? all : within.map((system) => offerOf(scope, system, false))
}

function offerOf(
  scope: readonly string[],
  { definition }: Systems[number],
  single: boolean,
): Offer {
  const { name: system, actions } = definition
  const whole = scope.some((one) => patternCovers(one, `${system}/*`))
  const ticks: Tick[] = whole
    ? [{ pattern: `${system}/*`, action: '', effects: EFFECTS, ticked: false }]
    : []
  for (const { name: action, title, effects } of actions) {
    const pattern = `${system}/${action}`
    if (!scope.some((one) => patternCovers(one, pattern))) continue
    if (whole && !single) continue
    const counts = effects.length === 0 ? EFFECTS : effects
    ticks.push({
      pattern,
      action,
      ...(title !== undefined && { title }),
      effects: counts,
      ticked: counts.length === 1 && counts[0] === 'read',
    })
  }
  return { system, actions: actions.length, ticks: ticks.slice(0, MOST_TICKS) }
}

/** The patterns that were ticked, without those that another covers. */
export function tickedPatterns(
  offers: readonly Offer[],
  ticked: (place: number) => boolean,
): readonly string[] {
  const patterns = offers.flatMap(({ ticks }) => ticks).map(({ pattern }) => pattern)
  const chosen = patterns.filter((_, place) => ticked(place))
  return chosen.filter((one) => !chosen.some((other) => other !== one && patternCovers(other, one)))
}
