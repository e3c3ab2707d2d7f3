// Holds what one turn of an inspection may cost: an answer that is made to be slow would otherwise keep the gateway from everybody else.

/** What is left of it. */
export interface Effort {
  /** Characters that costly rules are shown; beyond, what they would be asked about is taken to be secret. */
  left: number
  /** Escapes that are resolved; beyond, a text is read as it stands, and under `@links` not passed on. */
  escapes: number
}

/** About a tenth of a second each, at most. */
const CHARACTERS = 524_288
const ESCAPES = 200_000

/** Effort for one turn. */
export function freshEffort(): Effort {
  return { left: CHARACTERS, escapes: ESCAPES }
}

/** Begins another turn: what the one before cost does not count for it. */
export function renew({ effort }: { readonly effort: Effort }): void {
  effort.left = CHARACTERS
  effort.escapes = ESCAPES
}
