// Holds the changes that would turn a party's answer: found step by step, each tried by deciding again, the smallest first.

import { gateWords } from '../../wire/gate.ts'
import type { PartyAnswer } from '../../wire/decision.ts'
import type { ExplainedChange, Explanation } from '../../wire/api/explanation.ts'
import { partyOf, type Asked } from '../entity.ts'
import { lastMoves, movesFrom, type Audience, type Move } from './move.ts'
import { answerIn, partyIn, type World } from './world.ts'

/** Changes that are told of one party. */
const MAX_TOLD = 6

/** What costs so much changes who may do what, for more than this call. */
const LARGE = 6

/** Steps of one change, and worlds that are tried for one party: agents may be denied often, and operators ask seldom. */
const EFFORT: Readonly<Record<Audience, { readonly steps: number; readonly tried: number }>> = {
  operator: { steps: 3, tried: 48 },
  agent: { steps: 2, tried: 8 },
}

/** A change with what finding it out left behind. */
export interface Change {
  readonly told: ExplainedChange
  readonly asked: Asked
  /** Policies whose conditions it is about. */
  readonly about: readonly string[]
  /** True where all of it is bounds on numbers. */
  readonly bound: boolean
  readonly cost: number
  /** A world with it. May throw; absent where nothing concrete can be put there. */
  readonly apply?: (world: World) => World
}

interface Node {
  readonly world: World
  readonly moves: readonly Move[]
}

class Search {
  readonly found: Change[] = []
  readonly asked: Asked
  readonly answer: PartyAnswer
  readonly audience: Audience
  tried = 0

  constructor(asked: Asked, answer: PartyAnswer, audience: Audience) {
    this.asked = asked
    this.answer = answer
    this.audience = audience
  }

  add(moves: readonly Move[], world?: World): void {
    const [largest] = [...moves].sort((a, b) => b.cost - a.cost)
    const words = moves.map((move) => move.words).join(', and ')
    if (largest === undefined || this.found.some(({ told }) => told.words === words)) return
    const about = moves.flatMap(({ policy }) => policy ?? [])
    const told: ExplainedChange = {
      party: partyOf(this.asked),
      principal: this.answer.principal,
      kind: largest.kind,
      words,
      ...(largest.policy !== undefined && { policy: largest.policy }),
      verified: world !== undefined,
      ...(world !== undefined && { after: answerIn(world) }),
    }
    this.found.push({
      told,
      asked: this.asked,
      about,
      bound: moves.every(({ bound }) => bound),
      cost: moves.reduce((sum, { cost }) => sum + cost, 0),
      ...(world !== undefined && {
        apply: (from: World) => moves.reduce((now, { apply }) => apply?.(now) ?? now, from),
      }),
    })
  }

  /** Tries every move from a node; returns the worlds that are other worlds and still deny. */
  step({ world, moves }: Node, more: readonly Move[]): Node[] {
    const on: Node[] = []
    for (const move of more) {
      if (move.apply === undefined) {
        if (moves.length === 0) this.add([move])
        continue
      }
      if (this.tried >= EFFORT[this.audience].tried) break
      this.tried++
      const all = [...moves, move]
      try {
        const next = move.apply(world)
        if (partyIn(next, this.asked).answer !== 'deny') this.add(all, next)
        else on.push({ world: next, moves: all })
      } catch {
        // A value that the pinned definition refuses: no way from here.
        continue
      }
    }
    return on
  }

  run(world: World): void {
    let nodes: Node[] = [{ world, moves: [] }]
    for (let depth = 0; depth < EFFORT[this.audience].steps && nodes.length > 0; depth++) {
      nodes = nodes.flatMap((node) => this.step(node, this.moves(node.world)))
      // One step that does it is smaller than any two, unless it is a change of roles or policies.
      if (this.found.some(({ told, cost }) => told.verified && cost < LARGE)) return
    }
    if (this.found.some(({ told }) => told.verified)) return
    if (this.audience === 'operator') this.step({ world, moves: [] }, lastMoves(world, this.asked))
  }

  moves(world: World): Move[] {
    return movesFrom(world, this.asked, partyIn(world, this.asked), this.audience)
  }
}

/** A gate that agrees is all that a held party waits for. */
function approval(world: World, asked: Asked, answer: PartyAnswer): Change {
  const gates = answer.policies.flatMap(({ gate }) => gate ?? [])
  const ids = answer.policies.map(({ id }) => id)
  const apply = ({ parts, request }: World): World => {
    return { parts, request: { ...request, setAside: new Set([...request.setAside, ...ids]) } }
  }
  const who = [...new Set(gates)].map(gateWords).join(', and ')
  const told: ExplainedChange = {
    party: partyOf(asked),
    principal: answer.principal,
    kind: 'approval',
    words: `this call is approved by ${who}`,
    ...(ids[0] !== undefined && { policy: ids[0] }),
    verified: true,
    after: answerIn(apply(world)),
  }
  return { told, asked, about: ids, bound: false, cost: 2, apply }
}

/** What would make one party's answer another, the smallest change first. Throws what deciding throws. */
export function changesFor(
  world: World,
  asked: Asked,
  answer: PartyAnswer,
  audience: Audience,
): Change[] {
  if (answer.answer === 'allow') return []
  if (answer.answer === 'hold') return [approval(world, asked, answer)]
  const search = new Search(asked, answer, audience)
  search.run(world)
  return search.found.sort(bySize).slice(0, MAX_TOLD)
}

/** Changes that were tried first, the smallest of them before the others. */
export function bySize(a: Change, b: Change): number {
  return Number(b.told.verified) - Number(a.told.verified) || a.cost - b.cost
}

/** Changes of one party that are tried together with those of others. */
const MAX_TOGETHER = 4

/** Combinations that are tried. */
const MAX_COMBINED = 32

/** One of each, those that begin with the smallest first. */
function combined(each: readonly (readonly Change[])[]): Change[][] {
  const all = each.reduce<Change[][]>(
    (before, more) => before.flatMap((one) => more.map((change) => [...one, change])),
    [[]],
  )
  const size = (one: readonly Change[]): number =>
    one.reduce((sum, change, at) => sum + each[at]!.indexOf(change), 0)
  return all.sort((a, b) => size(a) - size(b)).slice(0, MAX_COMBINED)
}

/**
 * Where no change alone is enough: one of every party that denies, made one after the other, if the call is then not denied. The smallest
 * that are enough: what one party asks may be what another forbids.
 */
export function together(world: World, changes: readonly Change[]): Explanation['together'] {
  if (changes.some(({ told }) => told.after !== undefined && told.after !== 'deny'))
    return undefined
  const each = new Map<Asked, Change[]>()
  for (const change of [...changes].sort(bySize)) {
    const known = each.get(change.asked) ?? []
    if (change.apply !== undefined && known.length < MAX_TOGETHER)
      each.set(change.asked, [...known, change])
  }
  for (const one of combined([...each.values()])) {
    const all = [...new Map(one.map((change) => [change.told.words, change])).values()]
    try {
      const after = answerIn(all.reduce((now, { apply }) => apply?.(now) ?? now, world))
      if (after !== 'deny') return { words: all.map(({ told }) => told.words), after }
    } catch {
      continue
    }
  }
  return undefined
}
