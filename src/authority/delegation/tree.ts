// Holds the delegations in memory as trees: by id, by who gave and who got them, and by when they end.

import type { Delegation } from '../../store/rows/delegation.ts'
import type { Held } from '../../store/signed-table.ts'

/** Which instance an index goes by. */
type Side = 'giver' | 'taker'

/** Every delegation that has not ended. Looking up and taking away cost the same however many there are. */
export class DelegationTree {
  readonly #held = new Map<string, Held<Delegation>>()
  readonly #below = new Map<string, Set<string>>()
  readonly #sides: Readonly<Record<Side, Map<string, Set<string>>>> = {
    giver: new Map(),
    taker: new Map(),
  }
  /** Ids by the second in which they end. */
  readonly #ends = new Map<number, Set<string>>()

  get size(): number {
    return this.#held.size
  }

  get(id: string): Held<Delegation> | undefined {
    return this.#held.get(id)
  }

  /** Ids, in no order. */
  ids(): IterableIterator<string> {
    return this.#held.keys()
  }

  /** Shows a delegation, in place of what it was before. */
  put(held: Held<Delegation>): void {
    this.#forget(held.doc.id)
    const { id, parent } = held.doc
    this.#held.set(id, held)
    if (parent !== undefined) add(this.#below, parent, id)
    for (const [side, instance] of sidesOf(held.doc)) add(this.#sides[side], instance, id)
    add(this.#ends, second(held.doc), id)
  }

  /** Takes a delegation away with all that is below it: itself first, and everything after what it hangs on. */
  take(id: string): Delegation[] {
    const gone: Delegation[] = []
    const next = [id]
    for (let at = 0; at < next.length; at++) {
      const found = this.#forget(next[at] ?? '')
      if (found === undefined) continue
      gone.push(found)
      next.push(...(this.#below.get(found.id) ?? []))
    }
    return gone
  }

  /** Ids of what an instance gave, or got. */
  of(side: Side, instance: string): readonly string[] {
    return [...(this.#sides[side].get(instance) ?? [])]
  }

  /** Ids of what is directly below a delegation. */
  below(id: string): readonly string[] {
    return [...(this.#below.get(id) ?? [])].filter((one) => this.#held.has(one))
  }

  /** Ids of what has ended by `now`. */
  due(now: number): string[] {
    const found: string[] = []
    for (const [end, ids] of this.#ends) if (end * 1000 <= now) found.push(...ids)
    return found
  }

  #forget(id: string): Delegation | undefined {
    const doc = this.#held.get(id)?.doc
    if (doc === undefined) return undefined
    this.#held.delete(id)
    if (doc.parent !== undefined) cut(this.#below, doc.parent, id)
    for (const [side, instance] of sidesOf(doc)) cut(this.#sides[side], instance, id)
    cut(this.#ends, second(doc), id)
    return doc
  }
}

function sidesOf({ by, instance }: Delegation): [Side, string][] {
  return [
    ...(by === undefined ? [] : [['giver', by.instance] as [Side, string]]),
    ...(instance === undefined ? [] : [['taker', instance] as [Side, string]]),
  ]
}

function second({ expiresAt }: Delegation): number {
  return Math.ceil(expiresAt / 1000)
}

function add<K>(index: Map<K, Set<string>>, key: K, id: string): void {
  const ids = index.get(key)
  if (ids === undefined) index.set(key, new Set([id]))
  else ids.add(id)
}

function cut<K>(index: Map<K, Set<string>>, key: K, id: string): void {
  const ids = index.get(key)
  ids?.delete(id)
  if (ids?.size === 0) index.delete(key)
}
