// Holds the spine as surfaces see it: whoever fills it decides in this process, or asks control, which decides for several gateways.

import type { Actor } from '../wire/actor.ts'
import type { AccessWanted, Asked } from './ask-ahead.ts'
import type { CallRequest } from './call.ts'
import type { Permitted } from './consider.ts'
import type { Denial } from './denial.ts'
import type { GivenLately } from './given.ts'
import type { Held } from './steps/05-gate.ts'
import type { Operation } from './operation.ts'

/** A call that went no further than the gate. */
export type Stopped =
  | { readonly kind: 'denied'; readonly call: string; readonly denial: Denial }
  | { readonly kind: 'held'; readonly call: string; readonly held: Held }

/** What became of a call, with what its surface answers. Every member is a value; `govern` never throws. */
export type Conclusion<T> =
  | {
      readonly kind: 'done'
      readonly call: string
      /** Leaf hash of its intent. */
      readonly intent: string
      readonly value: T
    }
  | Stopped

/** Somebody who sent what is no call at all. */
export type TurnedAway = Pick<CallRequest, 'presented' | 'system'> &
  Partial<Pick<CallRequest, 'action'>>

/** The calls under way, as far as others ask about them. */
export interface FlightsFace {
  readonly size: number
  /** What the change of locks that was told last has ended; read it in the same turn. */
  readonly lastCut: { readonly calls: number; readonly processes: number }
  gone(instance: string): void
  /** Waits for every call to land. */
  close(): Promise<void>
}

/** The spine. */
export interface Governing {
  readonly flights: FlightsFace
  /** What instances were given lately, by which the next call of theirs is attributed. */
  readonly given: Pick<GivenLately, 'note'>
  /** Governs one call from its credential to its outcome; `operation` is what its surface does once it may. */
  govern<A, T>(
    request: Omit<CallRequest, 'elsewhere'>,
    operation: Operation<A, T>,
  ): Promise<Conclusion<T>>
  /** Decides a call that somebody else will execute: the same steps up to the durable intent, and not one further. */
  consider(request: CallRequest): Promise<Stopped | Permitted>
  /** Asks people ahead for calls like this one, for its task. Nothing is done, and nothing is used up. */
  request(request: CallRequest, wanted: AccessWanted): Promise<Stopped | Asked>
  /** Whether whoever was permitted may still go on: the credential, the locks, the lifecycle, asked anew. */
  stillAdmitted(request: Pick<CallRequest, 'presented' | 'system' | 'action'>): Actor | Denial
  /** Records that somebody who is known sent what is no call at all (INV-2). Whoever is nobody was counted; a record that fails changes nothing. */
  turnedAway(of: TurnedAway, denial: Pick<Denial, 'code' | 'detail'>): Promise<void>
}
