// Holds what is checked before an instance passes authority on: never more than it has itself (INV-4).

import type { Delegation } from '../../store/rows/delegation.ts'
import { isScopePattern, MAX_PATTERNS, scopeNarrows } from '../../wire/scope.ts'
import { delegationFault } from './faults.ts'

/** Links that a chain has at most. */
export const MAX_LINKS = 5

/** What an instance passes on. */
export interface PassRequest {
  readonly by: { readonly instance: string; readonly agent: string }
  /** Delegation id under which it acts; absent for one that acts unattended. */
  readonly parent?: string
  /** Who gets it. */
  readonly agent: string
  /** The only instance that may have it; absent: the first of the agent that takes it up. */
  readonly instance?: string
  /** Absent: all that the delegations above cover. */
  readonly scope?: readonly string[]
  /** Task whose part it is; absent: the one above, or the only one that is open for the head of the chain. */
  readonly task?: string
  /** How many more links may follow; absent: one less than above, none where there is nothing above. */
  readonly depth?: number
  /** ms since the epoch. */
  readonly expiresAt: number
}

/** What a new link may be: worked out from the chain above it. */
export interface NewLink {
  readonly person: string
  readonly depth: number
}

/** The longest that a delegation lasts (ms): 30 days. */
export const MOST_DELEGATION_MS = 30 * 86_400_000

/** Throws `delegation.scope` for what is no list of patterns. */
export function checkScope(scope: readonly string[] | undefined): void {
  if (scope === undefined) return
  if (scope.length < 1 || scope.length > MAX_PATTERNS || !scope.every(isScopePattern)) {
    throw delegationFault('delegation.scope', 'the scope is not a list of patterns')
  }
}

/** Throws `delegation.depth` for a depth that no delegation can have. */
export function checkDepth(depth: number): void {
  if (!Number.isInteger(depth) || depth < 0 || depth >= MAX_LINKS) {
    throw delegationFault('delegation.depth', `a depth is a whole number below ${MAX_LINKS}`)
  }
}

/** Checks a new link against every link above it. `chain`: the highest first, empty for an agent that acts unattended. */
export function checkLink(of: PassRequest, chain: readonly Delegation[]): NewLink {
  const above = chain.at(-1)
  if (above !== undefined) checkGiver(of, above)
  checkScope(of.scope)
  const { scope } = of
  if (scope !== undefined && chain.some((one) => !covers(one, scope))) {
    throw delegationFault('delegation.wider', 'the scope is wider than that of a delegation above')
  }
  if (chain.some(({ expiresAt }) => expiresAt < of.expiresAt)) {
    throw delegationFault('delegation.wider', 'a delegation above ends earlier than that')
  }
  checkCycle(of, chain)
  return { person: above?.person ?? '', depth: depthOf(of, chain) }
}

function checkGiver({ by }: PassRequest, { agent, instance }: Delegation): void {
  if (agent !== by.agent || instance !== by.instance) {
    throw delegationFault('delegation.not_yours', 'the delegation is not that of the instance')
  }
}

function covers(above: Delegation, scope: readonly string[]): boolean {
  return above.scope === undefined || scopeNarrows(above.scope, scope)
}

/** An agent that has given, or got, authority in a chain does not get it again further down. */
function checkCycle({ agent, by }: PassRequest, chain: readonly Delegation[]): void {
  const there = chain.some((one) => one.agent === agent || one.by?.agent === agent)
  if (there || agent === by.agent) {
    throw delegationFault('delegation.cycle', `the agent \`${agent}\` is in the chain already`)
  }
}

function depthOf({ depth }: PassRequest, chain: readonly Delegation[]): number {
  const above = chain.at(-1)
  // What the link above leaves; an agent that acts unattended begins a chain, and says itself how deep it goes.
  const left = above === undefined ? MAX_LINKS : (above.depth ?? 0)
  const most = Math.min(left, MAX_LINKS - chain.length) - 1
  if (most < 0) throw delegationFault('delegation.depth', 'the delegation may not be passed on')
  const wanted = depth ?? (above === undefined ? 0 : most)
  checkDepth(wanted)
  if (wanted > most) {
    throw delegationFault('delegation.depth', 'the depth is not smaller than that above')
  }
  return wanted
}
