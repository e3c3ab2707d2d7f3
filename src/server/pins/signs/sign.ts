// Holds what a sign is: something in a definition that people should look at twice, with the place where it stands.

import type { SystemDefinition } from '../../../wire/system.ts'

/** One thing that is pointed out. Nothing is refused for it: it is shown to whoever decides. */
export interface Sign {
  /** Stable, one for each check: `invisible`, `shadowing`… */
  readonly code: string
  /** Where: `tool read_file, description`. */
  readonly place: string
  /** Lower case, one sentence. */
  readonly message: string
  /** A little of the text, with what is hidden made visible. */
  readonly excerpt: string
}

/** A system that is looked at. */
export type Looked = Omit<SystemDefinition, 'digest' | 'maxProcesses'>

/** One text of a definition. */
export interface Place {
  readonly place: string
  readonly text: string
  /** A name is read by programs, prose by models. */
  readonly kind: 'name' | 'prose'
}

/** What a check is given. */
export interface Look {
  readonly system: Looked
  readonly places: readonly Place[]
  /** The other systems that agents here know. */
  readonly others: readonly Looked[]
}

/** Looks for one kind of sign. Pure. */
export type Check = (look: Look) => Iterable<Sign>
