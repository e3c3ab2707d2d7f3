// Holds obligations in words: what becomes of the answer to a call.

import { KEEP_DAYS, type Obligations } from '../../wire/obligation.ts'

/** One sentence for each obligation, lower case. */
export function obligationsInWords(obligations: Obligations): string[] {
  const { find, redact, refuse, links = [], maxBytes, labels, keep, keepDays } = obligations
  const named = (names: readonly string[]): string => names.join(', ')
  return [
    ...(refuse === undefined
      ? []
      : [`an answer that holds any of these is refused: ${named(refuse)}`]),
    ...(redact === undefined ? [] : [`these are taken out: ${named(redact)}`]),
    ...(find === undefined ? [] : [`these are counted and labelled: ${named(find)}`]),
    ...links.map((hosts) =>
      hosts.length === 0
        ? 'every link is taken out'
        : `links are taken out unless they lead to ${hosts.join(' or ')}`,
    ),
    ...(maxBytes === undefined
      ? []
      : [`an answer of more than ${maxBytes} bytes of text is refused`]),
    ...(keep === undefined
      ? []
      : [`${named(keep)} are kept beside the log for ${keepDays ?? KEEP_DAYS} days`]),
    ...(labels === undefined ? [] : [`the lineage takes up the labels ${named(labels)}`]),
  ]
}
