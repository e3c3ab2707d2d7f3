// Holds obligations: what a permit asks for of the answer to a call that it permits. History: v1.

/** What can be found in a text, in the order in which it is shown: secrets by their pattern, and kinds of personal data. */
export const FOUND_KINDS = ['secrets', 'email', 'phone', 'iban', 'card', 'national-id'] as const

/** One kind of what can be found. */
export type FoundKind = (typeof FOUND_KINDS)[number]

/** Kinds that are personal data: what `personal` stands for in a policy. */
export const PERSONAL_KINDS = [
  'email',
  'phone',
  'iban',
  'card',
  'national-id',
] as const satisfies readonly FoundKind[]

/**
 * What becomes of an answer before the agent sees it. Every member only ever narrows what is seen or adds to what is known of it, so
 * that several can be held together: each of them is met.
 */
export interface Obligations {
  /** `@find`: counted and labelled, passed on. */
  readonly find?: readonly FoundKind[]
  /** `@redact`: taken out. */
  readonly redact?: readonly FoundKind[]
  /** `@refuse`: an answer that holds one is not passed on at all. */
  readonly refuse?: readonly FoundKind[]
  /**
   * `@links`: hosts that links may lead to, `name` or `*.name`, lower case; a host has to be in every one of the lists. Absent: any.
   */
  readonly links?: readonly (readonly string[])[]
  /** `@max_bytes`: most bytes of text that an answer may hold. */
  readonly maxBytes?: number
  /** `@label`: data labels that the lineage takes up with the answer, sorted. */
  readonly labels?: readonly string[]
  /** `@keep`: what of the call is kept beside the log, sealed for its person. */
  readonly keep?: readonly KeptKind[]
  /** `@keep_days`: how long that is kept; absent: `KEEP_DAYS`. Of several the longest: each of them asked for so much. */
  readonly keepDays?: number
}

/** What of a call can be kept: what it sends, and what the agent was given of what came back. */
export const KEPT_KINDS = ['arguments', 'result'] as const

/** One kind of what can be kept. */
export type KeptKind = (typeof KEPT_KINDS)[number]

/** How long payloads are kept where a policy says nothing of it. */
export const KEEP_DAYS = 30

/** Obligations that meet all of these; undefined where none obliges to anything. */
export function together(all: readonly (Obligations | undefined)[]): Obligations | undefined {
  const said = all.filter((one) => one !== undefined)
  if (said.length < 2) return said[0]
  const united = <T extends string>(lists: readonly (readonly T[] | undefined)[]): readonly T[] => [
    ...new Set(lists.flatMap((list) => list ?? [])),
  ]
  const kinds = (of: 'find' | 'redact' | 'refuse'): readonly FoundKind[] => {
    const named = united(said.map((one) => one[of]))
    return FOUND_KINDS.filter((kind) => named.includes(kind))
  }
  const [find, redact, refuse] = [kinds('find'), kinds('redact'), kinds('refuse')]
  const links = said.flatMap((one) => one.links ?? [])
  const distinct = [...new Map(links.map((list) => [list.join(' '), list])).values()]
  const bytes = said.flatMap((one) => one.maxBytes ?? [])
  const kept = united(said.map((one) => one.keep))
  const keep = KEPT_KINDS.filter((kind) => kept.includes(kind))
  const days = said.flatMap((one) => one.keepDays ?? [])
  const labels = [...united(said.map((one) => one.labels))].sort()
  return {
    ...(find.length > 0 && { find }),
    ...(redact.length > 0 && { redact }),
    ...(refuse.length > 0 && { refuse }),
    ...(distinct.length > 0 && { links: distinct }),
    ...(bytes.length > 0 && { maxBytes: Math.min(...bytes) }),
    ...(labels.length > 0 && { labels }),
    ...(keep.length > 0 && { keep }),
    ...(days.length > 0 && { keepDays: Math.max(...days) }),
  }
}
