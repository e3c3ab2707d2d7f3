// Holds the steps of a verification, in their order, and how one fails.

/**
 * What is looked at, one after the other: the file, the key, the checkpoint's signature by the log, whose log it is, and whether the
 * entry leads to the signed root.
 */
export type Step = 'proof' | 'key' | 'signature' | 'checkpoint' | 'inclusion'

/** Ends a verification: caught where the verdict is made, and told as a value. */
export class Stopped extends Error {
  readonly step: Step

  constructor(step: Step, detail: string) {
    super(detail)
    this.step = step
  }
}
