// Holds what keeps a policy from being evaluated: Cedar's evaluation errors, and the sign of a value that is not known yet.

/** Kinds of Cedar's evaluation errors. */
export type TroubleKind = 'type' | 'missing' | 'overflow' | 'extension' | 'slot' | 'depth'

/**
 * A policy could not be evaluated. Thrown and caught inside this folder alone; no stack is taken, because whoever sends the
 * arguments decides how often it happens.
 */
export class Trouble {
  readonly kind: TroubleKind
  readonly message: string
  constructor(kind: TroubleKind, message: string) {
    this.kind = kind
    this.message = message
  }
}

/** Stops the evaluation. */
export function trouble(kind: TroubleKind, message: string): never {
  // oxlint-disable-next-line no-throw-literal, only-throw-error
  throw new Trouble(kind, message)
}

/** Stops the evaluation where an extension function takes something else. What it was given is the call's, and is not said. */
export function refused(extension: string, why: string): never {
  return trouble('extension', `error while evaluating \`${extension}\` extension function: ${why}`)
}

/** Thrown where the answer hangs on a part of the context that is not known: before there are arguments. */
export class NotKnown {}

/** The one sign that is ever thrown. */
const NOT_KNOWN = new NotKnown()

/** Stops the evaluation for want of a value. */
export function notKnown(): never {
  // oxlint-disable-next-line no-throw-literal, only-throw-error
  throw NOT_KNOWN
}
