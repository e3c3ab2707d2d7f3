// Holds the one error type that crosses module borders: a stable code, public words, a private cause.

/** What a catalogue entry says of a code: the HTTP status that fits and what a person does next. */
export interface FaultKind {
  /** HTTP status used where the fault crosses an HTTP surface (RFC 9457). */
  readonly status: number
  /** The next thing to do, in one sentence without a full stop. */
  readonly next: string
}

/** A catalogue: one per floor, from stable code to kind. */
export type FaultCatalogue = Readonly<Record<string, FaultKind>>

/**
 * An error with a stable `code`, a public `detail` (lower case, no secret, no stack) and a private `cause`.
 * Only `code`, `detail` and `next` ever leave the process.
 */
export class Fault extends Error {
  readonly code: string
  readonly detail: string
  readonly next: string
  readonly status: number

  constructor(code: string, kind: FaultKind, detail: string, cause?: unknown) {
    super(`${code}: ${detail}`, cause === undefined ? undefined : { cause })
    this.name = 'Fault'
    this.code = code
    this.detail = detail
    this.next = kind.next
    this.status = kind.status
  }
}

/** Makes a floor's thrower: `const fault = faults(CATALOGUE)`, then `throw fault('json.depth', 'too deep')`. */
export function faults<C extends FaultCatalogue>(
  catalogue: C,
): (code: keyof C & string, detail: string, cause?: unknown) => Fault {
  return (code, detail, cause) => new Fault(code, catalogue[code] as FaultKind, detail, cause)
}

/** The public words of anything thrown: a Fault's own, or a fixed sentence for what nobody foresaw. */
export function publicFault(error: unknown): {
  code: string
  detail: string
  next: string
  status: number
} {
  if (error instanceof Fault) {
    return { code: error.code, detail: error.detail, next: error.next, status: error.status }
  }
  return {
    code: 'internal',
    detail: 'an unexpected error stopped this request',
    next: "look at the server's own log for the time of this request",
    status: 500,
  }
}
