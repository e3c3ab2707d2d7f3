// Holds the inspection: what comes back from a system is looked at before an agent sees it, whole or in pieces (INV-3).

import type { JsonObject } from '../../std/json.ts'
import type { Call } from '../call.ts'
import type { Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import { wholeContent } from './content.ts'
import { freshEffort, renew } from './effort.ts'
import { Finding } from './finding.ts'
import { heard, labelled } from './labels.ts'
import { ownSecrets } from './own-secrets.ts'
import { streamOf, type InspectedStream, type StreamLimits } from './stream.ts'
import { termsFor } from './terms.ts'
import { lookAt, type TextLook } from './text.ts'
import { TreeLook } from './tree.ts'

/** What an inspection is of: a call that may go out, or any that says as much. */
export type Inspected = Pick<Call, 'action' | 'decision'>

/** What was found in everything that went on to the agent: for the outcome record, and for the lineage. */
export interface Passed {
  readonly facts: JsonObject
  readonly labels: readonly string[]
}

/** A tree that was looked at. */
export interface Looked extends Passed {
  /** The same tree where nothing in it was changed. */
  readonly value: JsonObject
}

/** The inspection of everything that comes back of one call. Synchronous, and owned by the call. */
export interface Inspection {
  /** A whole result. A Denial where it may not be seen: the call was done all the same. */
  tree(value: JsonObject): Looked | Denial
  /** What comes before the result (progress, log messages, notifications); undefined: it may not go on. */
  note(value: JsonObject): JsonObject | undefined
  /** One text, for what has no other form: an error's message, the value of a header. Never refused: what is found is cut. */
  text(text: string): string
  /** A body in pieces. */
  stream(contentType: string | undefined, limits: StreamLimits): InspectedStream
  /** Of everything so far. */
  passed(): Passed
}

class CallInspection implements Inspection {
  readonly #look: TextLook

  constructor({ action, decision }: Inspected, { secrets }: Pick<Equipment, 'secrets'>) {
    const terms = termsFor(action, decision.obligations)
    const own = ownSecrets(secrets)
    this.#look = { own, terms, finding: new Finding(terms), effort: freshEffort() }
  }

  tree(value: JsonObject): Looked | Denial {
    const { finding } = this.#look
    renew(this.#look)
    const told = heard(value, finding)
    const seen = new TreeLook(this.#look).at(wholeContent(told, this.#look))
    if (finding.refused !== undefined) return finding.refused
    return { value: labelled(seen, finding), ...this.passed() }
  }

  note(value: JsonObject): JsonObject | undefined {
    renew(this.#look)
    const seen = new TreeLook(this.#look).at(value)
    return this.#look.finding.refused === undefined ? seen : undefined
  }

  text(text: string): string {
    renew(this.#look)
    return lookAt(text, this.#look)
  }

  stream(contentType: string | undefined, limits: StreamLimits): InspectedStream {
    return streamOf(contentType, limits, this.#look)
  }

  passed(): Passed {
    const { finding } = this.#look
    return { facts: finding.facts(), labels: finding.labels }
  }
}

/** Opens the inspection of one call, which went out with this equipment. */
export function openInspection(of: Inspected, equipment: Pick<Equipment, 'secrets'>): Inspection {
  return new CallInspection(of, equipment)
}
