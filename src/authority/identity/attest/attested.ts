// Holds what an attestor vouches for: facts about a workload, and where they come from.

import type { CompositionElement } from '../../../wire/actor.ts'
import { fault } from '../faults.ts'

/** Who can vouch for a workload; a join token and a person's consent are no attestors. */
export type AttestorName = 'unix' | 'oidc' | 'x509pop'

/** Facts that an attestor has verified. Made by attestors only. */
export interface Attested {
  readonly attestor: AttestorName
  /** Name of the trust source; empty for `unix`. */
  readonly source: string
  /** `<attestor>:<name>:<value>`, sorted. */
  readonly selectors: readonly string[]
  /** What names this one workload at its source; told to operators, never to be matched. */
  readonly subject: string
  /** Values by selector name from which a registration may take elements of the composition. */
  readonly facts?: Readonly<Record<string, string>>
  /** The source vouches for the workload no longer than this, ms since the epoch; absent: for the moment, as a token does. */
  readonly until?: number
  /** Evidence that counts once: what marks it as used, and until when it could be shown again (ms since the epoch). */
  readonly once?: { readonly id: string; readonly expiresAt: number }
}

const ELEMENTS: ReadonlySet<string> = new Set(['instructions', 'tools', 'model', 'code'])
const MAX_VALUE = 256

/** True for the name of an element of a composition. */
export function isElement(name: string): name is CompositionElement {
  return ELEMENTS.has(name)
}

/** True for what an element may be: printable text of 1 to 256 characters. */
export function isElementValue(value: string): boolean {
  return value.length <= MAX_VALUE && /^[\x20-\x7e]+$/.test(value)
}

/** What an instance says of itself, checked. Throws `attest.composition`. */
export function checkedClaims(
  claimed: Readonly<Record<string, string>>,
): Readonly<Partial<Record<CompositionElement, string>>> {
  for (const [element, value] of Object.entries(claimed)) {
    if (!isElement(element)) {
      throw fault('attest.composition', 'an element is none of instructions, tools, model and code')
    }
    if (!isElementValue(value)) {
      throw fault('attest.composition', 'an element is no printable text of 1 to 256 characters')
    }
  }
  return claimed
}
