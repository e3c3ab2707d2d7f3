// Holds decisions: what each party answered, which policies determined it and why.

import type { JsonObject } from '../std/json.ts'
import type { CompositionElement } from './actor.ts'
import type { Effect } from './effect.ts'
import type { HistoryFacts } from './history.ts'
import type { Obligations } from './obligation.ts'
import type { TaskFacts } from './task.ts'

/** What a decision says. */
export type Answer = 'allow' | 'deny' | 'hold'

/**
 * A party whose authority is intersected: the person, every agent that passed authority on, the agent itself, the task; or, of what a
 * system asks back, the system alone. History: v1 person and agent, v2 delegator, v3 task, v4 system.
 */
export type Party = 'person' | 'delegator' | 'agent' | 'task' | 'system'

/** An agent as policy sees it. */
export interface AgentFacts {
  readonly instance: string
  readonly name: string
  readonly roles: readonly string[]
}

/** A policy that determined an answer. */
export interface DeterminingPolicy {
  /** `@id`, unique in the set. */
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  /** `@reason`. */
  readonly reason?: string
  /** `@gate`: who may set this forbid aside for one call. */
  readonly gate?: string
  /** What this permit asks for of the answer. */
  readonly obligations?: Obligations
}

/** A policy that could not be evaluated for this call. */
export interface ErringPolicy {
  readonly id: string
  readonly effect: 'permit' | 'forbid'
  readonly message: string
}

/** The answer of one party. */
export interface PartyAnswer {
  readonly party: Party
  /** Cedar entity uid, e.g. `Person::"…"`. */
  readonly principal: string
  readonly answer: Answer
  readonly policies: readonly DeterminingPolicy[]
  /** An erring forbid denies (INV-2); an erring permit merely does not permit. */
  readonly errors: readonly ErringPolicy[]
  /** One sentence, lower case, fit for the operator. */
  readonly reason: string
  /** True where it is denied because what permits it does not cross environments. */
  readonly environment?: true
  /** Present where it is denied because what permits it does not name who is absent: those. */
  readonly without?: readonly ('user' | 'task')[]
}

/** A gate that has to agree before a held call runs. */
export interface Gate {
  /** The text of `@gate`: who has to agree (`wire/gate.ts`). */
  readonly name: string
  /** `@id` of the forbid that it would set aside. */
  readonly policy: string
  readonly reason?: string
}

/** user ∩ agent (∩ task): the intersection of every party's answer. */
export interface Decision {
  readonly answer: Answer
  readonly parties: readonly PartyAnswer[]
  /** Present exactly when the answer is `hold`. */
  readonly gates: readonly Gate[]
  /** What the permits that determined it ask for of the answer, all of it together; absent: nothing. */
  readonly obligations?: Obligations
  /** Digest of the policy set that decided. */
  readonly policySet: string
  /** One sentence that is safe to tell the agent. */
  readonly reason: string
  /** True where policy denied and observe mode lets the call go on: `answer` is `allow`, everything else says what was denied. */
  readonly observed?: true
}

/** Facts for a decision; every one of them derived by the server. */
export interface DecisionRequest {
  readonly agent: AgentFacts
  /** Every agent that passed authority on, the highest first; absent: nobody did. Each is a party of its own. */
  readonly delegators?: readonly AgentFacts[]
  /** Absent only for an agent that is registered to act unattended. */
  readonly person?: { readonly id: string; readonly roles: readonly string[] }
  /** Where agent and system belong; where they differ, only permits that cross environments count. Absent: the same. */
  readonly environments?: { readonly agent: string; readonly system: string }
  /** Elements of the instance's composition that were attested; what was merely claimed is never here. */
  readonly attested?: Readonly<Partial<Record<CompositionElement, string>>>
  /** What it works on. Absent only for an agent that is registered to act without a task. */
  readonly task?: TaskFacts
  /** What the lineage has done, derived from records. Absent: no history is kept where this is asked. */
  readonly history?: HistoryFacts
  /** What the call would set off: the actions it triggers, and theirs, `<system>/<action>`, sorted; itself is not among them. */
  readonly triggers?: readonly string[]
  /** Effect labels of everything that it would set off, besides its own. */
  readonly triggered?: readonly Effect[]
  /** Where the request came from: the listener by which it came in, and the address of the peer. */
  readonly network?: { readonly listener: string; readonly address: string }
  /** Present where the system asks something of this caller: then the system is the only party, and permits have to name it. */
  readonly asking?: true
  readonly system: string
  readonly action: string
  /** Full nested arguments, exactly as they will be sent. */
  readonly input: JsonObject
  readonly effects: readonly Effect[]
  /** Wall time, ms since the epoch. */
  readonly now: number
  /** `@id`s of gated forbids that an approval sets aside for exactly this call. */
  readonly setAside: ReadonlySet<string>
}
