// Holds the explorer: every state that can be reached, by breadth, so that what is wrong is found by the shortest way to it.

import type { Bounds } from './bounds.ts'
import type { Violation } from './invariants.ts'
import { movesOf } from './moves.ts'
import { nameOf, Names } from './name.ts'
import { beginning, type State } from './state.ts'

/** What was found. */
export interface Found {
  readonly states: number
  readonly steps: number
  /** Steps of the longest of the shortest ways. */
  readonly depth: number
  /** What is wrong, and the steps to it; undefined where nothing is. */
  readonly wrong: (Violation | { readonly rule: 'no way on'; readonly detail: string }) | undefined
  readonly trace: readonly string[]
  /** False where it ended at `most` states. */
  readonly whole: boolean
}

/** What is left to do of an exploration. */
interface Known {
  readonly names: Names
  /** Where each state was reached from, and by which of its steps. */
  readonly from: number[]
  readonly by: number[]
  /** Pairs of states between which a step without a fault leads, of those that are calm. */
  readonly edges: number[]
  readonly calm: number[]
  readonly goals: number[]
}

/** Explores everything within bounds, up to `most` states. */
export function explore(bounds: Bounds, most: number): Found {
  const first = beginning(bounds)
  const known: Known = { names: new Names(), from: [-1], by: [0], edges: [], calm: [], goals: [] }
  known.names.number(nameOf(first))
  let level: [number, State][] = [[0, first]]
  let steps = 0
  let depth = 0
  while (level.length > 0) {
    const next: [number, State][] = []
    for (const [at, state] of level) {
      const moves = movesOf(state, bounds)
      for (const [by, move] of moves.entries()) {
        steps += 1
        if (move.next.wrong !== undefined) {
          const trace = [...traceTo(known, at, bounds), move.label]
          return {
            states: known.from.length,
            steps,
            depth,
            wrong: move.next.wrong,
            trace,
            whole: false,
          }
        }
        const to = note(known, move.next, at, by, next)
        if (state.calm) known.edges.push(at, to)
      }
      if (state.calm) known.calm.push(at)
      if (isGoal(state)) known.goals.push(at)
      if (known.from.length > most)
        return {
          states: known.from.length,
          steps,
          depth,
          wrong: undefined,
          trace: [],
          whole: false,
        }
    }
    level = next
    depth += 1
  }
  const stuck = known.calm.length === 0 ? undefined : wedged(known)
  const wrong =
    stuck === undefined
      ? undefined
      : ({ rule: 'no way on', detail: 'no way leads to a call that is permitted' } as const)
  const trace = stuck === undefined ? [] : traceTo(known, stuck, bounds)
  return { states: known.from.length, steps, depth, wrong, trace, whole: true }
}

/** The number of a state, which is to be explored if it is new. */
function note(
  known: Known,
  state: State,
  from: number,
  by: number,
  next: [number, State][],
): number {
  const seen = known.names.size
  const at = known.names.number(nameOf(state))
  if (known.names.size === seen) return at
  known.from.push(from)
  known.by.push(by)
  next.push([at, state])
  return at
}

/** Everything is concluded but what people have not answered, and a call that is permitted has gone through. */
function isGoal({ calm, calls, up }: State): boolean {
  if (!calm || !up) return false
  const settled = calls.every(
    ({ stage, here, at }) =>
      at < 0 || stage === 'held' || (here === 'over' && (stage === 'over' || stage === 'none')),
  )
  return settled && calls.some(({ kind, answered }) => kind === 'probe' && answered)
}

/** A calm state from which no way leads to a goal; undefined where there is none. */
function wedged({ edges, goals, calm, from }: Known): number | undefined {
  const heads = new Int32Array(from.length).fill(-1)
  const before = new Int32Array(edges.length / 2)
  for (let edge = 0; edge < edges.length; edge += 2) {
    const to = edges[edge + 1]!
    before[edge / 2] = heads[to]!
    heads[to] = edge / 2
  }
  const good = new Uint8Array(from.length)
  const open = [...goals]
  for (const goal of goals) good[goal] = 1
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (let edge = heads[at]!; edge >= 0; edge = before[edge]!) {
      const back = edges[edge * 2]!
      if (good[back] === 1) continue
      good[back] = 1
      open.push(back)
    }
  }
  return calm.find((at) => good[at] === 0)
}

/** The steps to a state, taken again from the beginning. */
function traceTo({ from, by }: Known, to: number, bounds: Bounds): string[] {
  const path: number[] = []
  for (let at = to; from[at]! >= 0; at = from[at]!) path.push(by[at]!)
  const labels: string[] = []
  let state = beginning(bounds)
  for (const step of path.reverse()) {
    const move = movesOf(state, bounds)[step]!
    labels.push(move.label)
    state = move.next
  }
  return labels
}
