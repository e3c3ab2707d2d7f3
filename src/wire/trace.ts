// Holds trace context as it crosses process boundaries (W3C Trace Context, Level 1): its one parser, and its one writer.

/** Version, trace id, parent id, flags (§3.2.2); a later version may say more after a further hyphen (§3.2.4). */
const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-[!-~]{0,64})?$/
const ZEROS = /^0+$/
/** Our member of `tracestate` (§3.3.1.3): the span of ours that the request was made in the course of. */
const OWN_MEMBER = /(?:^|,)[ \t]*bailiwick=([0-9a-f]{16})[ \t]*(?:,|$)/
/** Characters of a `tracestate` that are looked at (§3.3.1.5 wants at least as many propagated). */
const MAX_STATE = 512
const SAMPLED = 1

/** A place in a trace. */
export interface Span {
  /** 32 lower-case hexadecimal digits, not all zero. */
  readonly trace: string
  /** 16 lower-case hexadecimal digits, not all zero. */
  readonly span: string
  /** Whether whoever began the trace records it (§3.2.2.5.1). */
  readonly sampled: boolean
}

/** What a request came with: the word of whoever sent it, and nothing that anything may be allowed for. */
export interface TraceContext extends Span {
  /** The span that our own member of `tracestate` names; absent: there is none. */
  readonly own?: string
}

/** Reads a `traceparent`, and of the `tracestate` beside it our own member alone; undefined where the first is not one to the letter. Never throws. */
export function traceContextOf(
  traceparent: unknown,
  tracestate?: unknown,
): TraceContext | undefined {
  if (typeof traceparent !== 'string' || traceparent.length > 128) return undefined
  const [, version, trace, span, flags, more] = TRACEPARENT.exec(traceparent) ?? []
  if (version === undefined || trace === undefined || span === undefined) return undefined
  if (version === 'ff' || (version === '00' && more !== undefined)) return undefined
  if (ZEROS.test(trace) || ZEROS.test(span)) return undefined
  const sampled = (Number.parseInt(flags ?? '', 16) & SAMPLED) === SAMPLED
  const own = ownSpan(tracestate)
  return { trace, span, sampled, ...(own !== undefined && { own }) }
}

/** The trace id of a `traceparent`: 32 lower case hexadecimal digits; undefined where it is not one to the letter. Never throws. */
export function traceIdOf(traceparent: unknown): string | undefined {
  return traceContextOf(traceparent)?.trace
}

/** The `traceparent` by which a request is made in the course of a span. */
export function traceparentOf({ trace, span, sampled }: Span): string {
  return `00-${trace}-${span}-${sampled ? '01' : '00'}`
}

/** The `tracestate` that goes out beside it: our own member, and nobody else's. */
export function tracestateOf({ span }: Span): string {
  return `bailiwick=${span}`
}

function ownSpan(tracestate: unknown): string | undefined {
  if (typeof tracestate !== 'string' || tracestate.length > MAX_STATE) return undefined
  return OWN_MEMBER.exec(tracestate)?.[1]
}
