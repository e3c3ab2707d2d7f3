// Holds the tokens that are live, in memory: by id, by the hash of their text, and by what they die with.

import type { TokenRow } from '../../store/rows/token.ts'

/** A token whose issuance is recorded and stored. */
export interface LiveToken extends Omit<TokenRow, 'state'> {
  /** SHA-256 of the one text whose signature is known to be good; absent until it is shown after a restart. */
  digest?: string
}

/** What a token dies with. */
type Holder = 'instance' | 'delegation' | 'family' | 'parent'

/** The view that answers on the hot path. What is taken away is taken away here first (INV-5). */
export class TokenView {
  readonly #byId = new Map<string, LiveToken>()
  readonly #byDigest = new Map<string, LiveToken>()
  readonly #by: Readonly<Record<Holder, Map<string, Set<LiveToken>>>> = {
    instance: new Map(),
    delegation: new Map(),
    family: new Map(),
    parent: new Map(),
  }
  /** Tokens by the second in which they end: at most as many seconds as a token lives. */
  readonly #ends = new Map<number, Set<LiveToken>>()

  get size(): number {
    return this.#byId.size
  }

  add(token: LiveToken): void {
    this.#byId.set(token.id, token)
    if (token.digest !== undefined) this.#byDigest.set(token.digest, token)
    for (const [holder, index] of this.#indices()) {
      const id = token[holder]
      if (id !== undefined) put(index, id, token)
    }
    put(this.#ends, second(token), token)
  }

  byId(id: string): LiveToken | undefined {
    return this.#byId.get(id)
  }

  byDigest(digest: string): LiveToken | undefined {
    return this.#byDigest.get(digest)
  }

  /** Remembers the text of a token whose signature was verified: one text each, so the memory is that of the tokens. */
  known(token: LiveToken, digest: string): void {
    if (this.#byId.get(token.id) !== token) return
    if (token.digest !== undefined) this.#byDigest.delete(token.digest)
    token.digest = digest
    this.#byDigest.set(digest, token)
  }

  /** How many tokens an instance has. */
  count(instance: string): number {
    return this.#by.instance.get(instance)?.size ?? 0
  }

  /** Takes a token away with everything that it was exchanged for, and answers them. */
  remove(id: string): LiveToken[] {
    const token = this.#byId.get(id)
    return token === undefined ? [] : this.#cut([token])
  }

  /** Takes every token of an instance, a delegation or a family away in the same way. */
  removeOf(holder: Holder, id: string): LiveToken[] {
    return this.#cut(this.#by[holder].get(id) ?? [])
  }

  clear(): void {
    this.#cut(this.#byId.values())
  }

  /** Takes away what has ended by `now`. */
  expire(now: number): void {
    for (const [end, tokens] of this.#ends) {
      if (end * 1000 > now) continue
      for (const token of tokens) this.#forget(token)
    }
  }

  #cut(tokens: Iterable<LiveToken>): LiveToken[] {
    const gone = [...tokens]
    for (let at = 0; at < gone.length; at++) {
      const token = gone[at]
      if (token === undefined || this.#byId.get(token.id) !== token) continue
      this.#forget(token)
      gone.push(...(this.#by.parent.get(token.id) ?? []))
    }
    return [...new Set(gone)]
  }

  #forget(token: LiveToken): void {
    this.#byId.delete(token.id)
    if (token.digest !== undefined) this.#byDigest.delete(token.digest)
    for (const [holder, index] of this.#indices()) {
      const id = token[holder]
      if (id !== undefined) cut(index, id, token)
    }
    cut(this.#ends, second(token), token)
  }

  #indices(): [Holder, Map<string, Set<LiveToken>>][] {
    const { instance, delegation, family, parent } = this.#by
    return [
      ['instance', instance],
      ['delegation', delegation],
      ['family', family],
      ['parent', parent],
    ]
  }
}

function second(token: LiveToken): number {
  return Math.ceil(token.expiresAt / 1000)
}

function put<K>(index: Map<K, Set<LiveToken>>, key: K, token: LiveToken): void {
  const set = index.get(key)
  if (set === undefined) index.set(key, new Set([token]))
  else set.add(token)
}

function cut<K>(index: Map<K, Set<LiveToken>>, key: K, token: LiveToken): void {
  const set = index.get(key)
  set?.delete(token)
  if (set?.size === 0) index.delete(key)
}
