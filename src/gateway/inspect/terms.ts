// Holds the terms of one inspection: what is looked for in an answer, and what becomes of it.

import { FOUND_KINDS, type FoundKind, type Obligations } from '../../wire/obligation.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import { card } from './detectors/card.ts'
import type { Detector } from './detectors/detector.ts'
import { email } from './detectors/email.ts'
import { iban } from './detectors/iban.ts'
import { nationalId } from './detectors/national-id.ts'
import { phone } from './detectors/phone.ts'
import type { HostLists } from './link-hosts.ts'
import { findSecrets } from './secret-patterns.ts'

/** Every detector, in the order of the kinds. */
const DETECTORS: readonly Detector[] = [
  { kind: 'secrets', find: findSecrets },
  email,
  phone,
  iban,
  card,
  nationalId,
]

/** What becomes of what is found, the strictest last. */
export type Handling = 'find' | 'redact' | 'refuse'

/** What is looked for in an answer. */
export interface Terms {
  readonly detectors: readonly Detector[]
  readonly handling: Readonly<Partial<Record<FoundKind, Handling>>>
  readonly links: HostLists | undefined
  readonly maxBytes: number
  /** Labels that the answer has, whatever stands in it. */
  readonly labels: readonly string[]
  /** True where somebody said that others than the system's own people wrote what it returns. */
  readonly untrusted: boolean
}

const UNOBLIGED: Obligations = {}
const NO_LABELS: readonly string[] = []

/** What an action confirms that it returns is not taken out of it, unless policy says so. */
const RETURNS_SECRETS = 'secret'

/** The label of what outsiders may have written. */
export const UNTRUSTED = 'untrusted'

function termsOf(action: Pick<ActionDefinition, 'labels'>, obligations: Obligations): Terms {
  const { find = [], redact = [], refuse = [], links, maxBytes, labels = [] } = obligations
  const own = action.labels ?? NO_LABELS
  const handling: Partial<Record<FoundKind, Handling>> = {
    secrets: own.includes(RETURNS_SECRETS) ? 'find' : 'redact',
  }
  for (const kind of find) handling[kind] ??= 'find'
  for (const kind of redact) handling[kind] = 'redact'
  for (const kind of refuse) handling[kind] = 'refuse'
  const asked = FOUND_KINDS.filter((kind) => handling[kind] !== undefined)
  return {
    detectors: DETECTORS.filter(({ kind }) => asked.includes(kind)),
    handling,
    links,
    maxBytes: maxBytes ?? Infinity,
    labels: [...new Set([...own, ...labels])].sort(),
    untrusted: own.includes(UNTRUSTED) || labels.includes(UNTRUSTED),
  }
}

const known = new WeakMap<object, WeakMap<object, Terms>>()

/** The terms of an action under obligations, made once for each pair. */
export function termsFor(
  action: Pick<ActionDefinition, 'labels'>,
  obligations: Obligations | undefined,
): Terms {
  const obliged = obligations ?? UNOBLIGED
  let ofAction = known.get(action)
  if (ofAction === undefined) {
    ofAction = new WeakMap()
    known.set(action, ofAction)
  }
  let terms = ofAction.get(obliged)
  if (terms === undefined) {
    terms = termsOf(action, obliged)
    ofAction.set(obliged, terms)
  }
  return terms
}
