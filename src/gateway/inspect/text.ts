// Holds the look at one text: cleaned, searched, cut, its links held against policy.

import { deny } from '../denial.ts'
import { clean } from './clean.ts'
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
}

const ROOT = (): string => ''

/** What is found in a text that was cleaned: merged, in order, only what is to be taken out. Counts and labels the rest. */
export function spansIn(text: string, look: TextLook, pointer: () => string): readonly Span[] {
  const { own, terms, finding } = look
  const spans: Span[] = []
  own?.find(text, spans)
  for (const detector of terms.detectors) detector.find(text, spans)
  if (spans.length === 0) return spans
  const cut: Span[] = []
  for (const span of merged(spans)) {
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

/** A text as it may be seen; the same text where there is nothing to change. */
export function lookAt(text: string, look: TextLook, pointer: () => string = ROOT): string {
  const plain = cleaned(text, look)
  const spans = spansIn(plain, look, pointer)
  const cut = spans.length === 0 ? plain : withoutSpans(plain, spans)
  const { links } = look.terms
  const linked = links === undefined ? undefined : withoutLinks(cut, links)
  if (linked === undefined) return cut
  look.finding.did('links', linked.removed)
  return linked.text
}
