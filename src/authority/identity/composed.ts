// Holds how the composition of an instance is put together: what its evidence proves stands above what it says of itself.

import type { Composition, CompositionElement } from '../../wire/actor.ts'
import type { Registration } from '../../store/rows/registration.ts'
import { isElementValue, type Attested } from './attest/attested.ts'

/** What the instance is made of, each element with how it is known. */
export function composed(
  claimed: Readonly<Partial<Record<CompositionElement, string>>>,
  registration: Pick<Registration, 'composition'> = {},
  { facts = {} }: Pick<Attested, 'facts'> = {},
): Composition {
  const elements: Record<string, { value: string; assurance: 'attested' | 'claimed' }> = {}
  for (const [element, value] of Object.entries(claimed)) {
    elements[element] = { value, assurance: 'claimed' }
  }
  for (const [element, name] of Object.entries(registration.composition ?? {})) {
    // An element that the evidence should prove and does not is not known at all: the instance's own word is no stand-in.
    delete elements[element]
    const value = Object.hasOwn(facts, name) ? facts[name] : undefined
    if (value !== undefined && isElementValue(value)) {
      elements[element] = { value, assurance: 'attested' }
    }
  }
  return elements
}
