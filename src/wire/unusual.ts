// Holds what is unusual in the arguments of a held call, as people are shown it. History: v1.

/** In which way an argument is like none before. */
export type UnusualKind =
  /** It was never sent before. */
  | 'first_use'
  /** A number above all before it. */
  | 'largest'
  /** An address or URL of a host that was never there. */
  | 'new_domain'
  /** A value that was never there, where there are only a few otherwise. */
  | 'new_value'
  /** A list with more in it than any before. */
  | 'longest'
  /** A kind of value (text, number, …) that was never there. */
  | 'new_type'

/** What people read of each. */
export const UNUSUAL_WORDS: Readonly<Record<UnusualKind, string>> = {
  first_use: 'was never there before',
  largest: 'is larger than ever',
  new_domain: 'leads to a new host',
  new_value: 'is a value never seen there',
  longest: 'has more in it than ever',
  new_type: 'is of another type than ever',
}

/** On how much the marks rest, in words. */
export function basisWords(of: {
  readonly calls: number
  readonly by: 'agent' | 'anyone'
  readonly complete: boolean
}): string {
  const { calls, by, complete } = of
  if (calls === 0) return 'nothing to compare with: no earlier call of this action is kept'
  const whose = by === 'agent' ? 'by this agent' : 'by other agents; it is the first of this one'
  const most = complete ? '' : '; there are more than were looked at'
  return `compared with ${calls} earlier ${calls === 1 ? 'call' : 'calls'} of this action ${whose}${most}`
}

/** One argument that is unusual. */
export interface Unusual {
  /** JSON pointer (RFC 6901). */
  readonly path: string
  readonly kind: UnusualKind
  /** What there was until now, in a few words; never a value of another call, but for the largest number. */
  readonly before: string
}

/** What is unusual, and what that is held against. */
export interface UnusualReading {
  readonly marks: readonly Unusual[]
  /** Calls that went on before this one: of the same action by the same agent, or by any where that has none. */
  readonly calls: number
  readonly by: 'agent' | 'anyone'
  /** The earliest of them, ms since the epoch; absent: there is none. */
  readonly since?: number
  /** False where there are more than were looked at, or none are kept. */
  readonly complete: boolean
}
