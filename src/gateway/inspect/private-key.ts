// Holds the search for private keys in their textual encoding (RFC 7468, OpenPGP armor), whole or broken off.

import type { Span } from './span.ts'

const BEGIN = /-----BEGIN (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g
const END = /-----END (?:[A-Z0-9]{1,16} ){0,3}PRIVATE KEY(?: BLOCK)?-----/g

/** Characters of a key that has no end, which is then taken to be broken off. */
const UNENDED = 32_768

/** Where a key begins that has not ended: what follows may belong to it. */
export function openKey(text: string): number | undefined {
  const from = text.lastIndexOf('-----BEGIN')
  if (from < 0) return undefined
  END.lastIndex = from
  return END.test(text) ? undefined : from
}

/** Adds where private keys stand, from their first line to their last. */
export function findPrivateKeys(text: string, spans: Span[]): void {
  if (!text.includes('-----BEGIN')) return
  for (const { index } of text.matchAll(BEGIN)) {
    if (index < (spans.at(-1)?.to ?? 0) && spans.at(-1)?.kind === 'secrets') continue
    END.lastIndex = index
    const end = END.exec(text)
    const to = Math.min(text.length, end === null ? index + UNENDED : end.index + end[0].length)
    spans.push({ from: index, to, kind: 'secrets' })
  }
}
