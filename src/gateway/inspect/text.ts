// Holds the look at one text: cleaned, searched, cut, its links held against policy.

import { deny } from '../denial.ts'
import { clean } from './clean.ts'
import type { Effort } from './effort.ts'
import type { Finding } from './finding.ts'
import { withoutLinks } from './links.ts'
import type { OwnSecrets } from './own-secrets.ts'
import { merged, withoutSpans, type Span } from './span.ts'
import type { Terms } from './terms.ts'

/** What one text is held against. */
export interface TextLook {
  readonly own: OwnSecrets | undefined
  readonly terms: Terms
  readonly finding: Finding
  /** Renewed with each turn. */
  readonly effort: Effort
}

/** Characters of the shortest thing that is looked for. */
const SHORTEST = 6

const ROOT = (): string => ''

/** Everything that is found in a text that was cleaned, in order, no two overlapping. Nothing is counted yet. */
export function spansIn(text: string, { own, terms, effort }: TextLook): readonly Span[] {
  const spans: Span[] = []
  if (text.length < SHORTEST) return spans
  own?.find(text, spans, effort)
  for (const detector of terms.detectors) detector.find(text, spans, effort)
  return spans.length < 2 ? spans : merged(spans)
}

/** Counts and labels what was found, and says what of it is to be taken out. */
export function settle(
  spans: readonly Span[],
  { terms, finding }: TextLook,
  pointer: () => string = ROOT,
): readonly Span[] {
  const cut: Span[] = []
  for (const span of spans) {
    const handling = span.kind === 'own' ? 'redact' : (terms.handling[span.kind] ?? 'redact')
    if (handling === 'find') {
      finding.passes(span.kind, pointer)
      continue
    }
    finding.did(span.kind, 1)
    cut.push(span)
    if (handling === 'refuse') finding.refuse(refusal(span.kind))
  }
  return cut
}

function refusal(kind: Span['kind']) {
  const what = kind === 'own' || kind === 'secrets' ? 'secrets' : `personal data (${kind})`
  return deny('inspect.refused', `policy refuses answers with ${what}, and this one holds some`)
}

/** Without what cannot be seen. */
export function cleaned(text: string, { finding }: Pick<TextLook, 'finding'>): string {
  const without = clean(text)
  if (without === undefined) return text
  finding.did('hidden', without.removed)
  return without.text
}

/** A text without the links that policy does not allow. */
export function linked(text: string, { terms, finding, effort }: TextLook): string {
  const without = terms.links === undefined ? undefined : withoutLinks(text, terms.links, effort)
  if (without === undefined) return text
  finding.did('links', without.removed)
  return without.text
}

/** A text as it may be seen; the same text where there is nothing to change. */
export function lookAt(text: string, look: TextLook, pointer: () => string = ROOT): string {
  const plain = cleaned(text, look)
  const spans = spansIn(plain, look)
  const cut = spans.length === 0 ? spans : settle(spans, look, pointer)
  return linked(cut.length === 0 ? plain : withoutSpans(plain, cut), look)
}
