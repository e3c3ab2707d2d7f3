// Holds the policy set in force: compiled against the pinned systems, replaced whole or not at all.

import { Turns } from '../authority/turns.ts'
import type { PolicyPort } from '../gateway/ports.ts'
import { observeOpens } from '../policy/life/observe.ts'
import { compilePolicySet, type Compiled, type PolicySource } from '../policy/load.ts'
import type { Problem } from '../policy/problem.ts'
import type { PolicySet } from '../policy/set.ts'
import type { SystemDefinition } from '../wire/system.ts'
import type { SecondOpinion } from './second-opinion.ts'

/** The set that decides now. With none in force everything is denied (INV-2). */
export class LivePolicy implements PolicyPort {
  #set: PolicySet
  #sources: readonly PolicySource[] = []
  #problems: readonly Problem[] = []
  #isolated: ReadonlyMap<string, readonly Problem[]> = new Map()
  /** Changes of policies, and of systems that they speak of, come one after another. */
  readonly turns = new Turns()
  #opinion: SecondOpinion | undefined
  readonly #listeners = new Set<() => void>()
  /** A set on which the library did not agree with us: the library decides until another is applied. */
  #doubted: PolicySet | undefined

  constructor() {
    const empty = compilePolicySet({ sources: [], systems: [] })
    if (!empty.ok) throw new Error('an empty policy set does not compile')
    this.#set = empty.set
  }

  /** Compiles without putting in force. */
  static compile(sources: readonly PolicySource[], systems: readonly SystemDefinition[]): Compiled {
    return compilePolicySet({ sources: [...sources], systems: [...systems] })
  }

  /** Puts a compiled set in force. `isolated` are systems that changed in a way that it does not hold with. */
  put(
    set: PolicySet,
    sources: readonly PolicySource[],
    isolated: ReadonlyMap<string, readonly Problem[]> = new Map(),
  ): void {
    this.#set = set
    this.#isolated = isolated
    this.#sources = sources
    this.#problems = []
    for (const listener of this.#listeners) listener()
  }

  /** Calls back whenever a set was put in force, also where it is the same again. Returns the way to stop listening. */
  onPut(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What was applied last could not be put in force: the last good set goes on, and everybody is told. */
  keep(problems: readonly Problem[]): void {
    this.#problems = problems
  }

  /** Has a sample of decisions looked at from now on. */
  watch(opinion: SecondOpinion): void {
    this.#opinion = opinion
  }

  /** Leaves the deciding by this set to the library. */
  doubt(set: PolicySet): void {
    this.#doubted = set
  }

  /** Systems that are isolated, with the policies that do not hold with what they are now. */
  get isolated(): ReadonlyMap<string, readonly Problem[]> {
    return this.#isolated
  }

  /** The whole set is here: nothing is waited for. */
  prepare(): undefined {
    return undefined
  }

  /** Why every call of a system is denied; undefined where the policies hold with it. */
  isolation(system: string): string | undefined {
    const problems = this.#isolated.get(system)
    if (problems === undefined) return undefined
    return `${system} was pinned anew, and the policies in force do not hold with what it is now`
  }

  get set(): PolicySet {
    return this.#set
  }

  get sources(): readonly PolicySource[] {
    return this.#sources
  }

  /** Why the version that was applied last is not in force; empty when it is. */
  get problems(): readonly Problem[] {
    return this.#problems
  }

  decide(request: Parameters<PolicyPort['decide']>[0]): ReturnType<PolicyPort['decide']> {
    if (this.#doubted === this.#set) return this.#set.secondOpinion(request)
    this.#opinion?.saw(this.#set, request)
    return this.#set.decide(request)
  }

  advise(...about: Parameters<PolicyPort['advise']>): ReturnType<PolicyPort['advise']> {
    return this.#set.advise(...about)
  }

  observeOpens(
    request: Parameters<PolicyPort['observeOpens']>[0],
    decision: Parameters<PolicyPort['observeOpens']>[1],
  ): boolean {
    return observeOpens(this.#set, request, decision)
  }

  mayCall(request: Parameters<PolicyPort['mayCall']>[0]): boolean {
    return this.#set.mayCall(request)
  }
}
