// Holds what a check of `doctor` finds.

/** One finding; `bad` is to be mended, `warn` is to be known. */
export interface Finding {
  readonly check: string
  readonly state: 'ok' | 'warn' | 'bad'
  readonly detail: string
  /** What to do; absent where there is nothing to do. */
  readonly next?: string
}
