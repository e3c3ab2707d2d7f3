// Holds spans of a text that are taken out, and what is put in their place.

import type { FoundKind } from '../../wire/obligation.ts'

/** What was found: the call's own secrets, besides what policy can name. */
export type SpanKind = 'own' | FoundKind

/** A part of a text, from `from` up to and without `to`. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly kind: SpanKind
}

/** What a secret is replaced with. */
export const CUT = '[secret removed by bailiwick]'

/** What stands where something was taken out: letters, spaces and brackets alone, so that it is the same in JSON, HTML and a URL. */
export function placeholder(kind: SpanKind): string {
  return kind === 'own' || kind === 'secrets' ? CUT : `[${kind} removed by bailiwick]`
}

/** Spans in order, each overlap one span of the kind that began first. */
export function merged(spans: readonly Span[]): Span[] {
  const out: Span[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from || b.to - a.to)) {
    const last = out.at(-1)
    if (last === undefined || span.from >= last.to) out.push(span)
    else if (span.to > last.to) out[out.length - 1] = { ...last, to: span.to }
  }
  return out
}

/** The text without the spans, which are merged ones. */
export function withoutSpans(text: string, spans: readonly Span[]): string {
  let out = ''
  let at = 0
  for (const { from, to, kind } of spans) {
    out += text.slice(at, from) + placeholder(kind)
    at = to
  }
  return out + text.slice(at)
}
