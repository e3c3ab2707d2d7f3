// Holds how long a client wants to wait for a person (RFC 7240 §4.3).

/** Without a word of the client (ms): below what most clients wait for an answer at all. */
const UNSAID_MS = 20_000

/** How long the request of a held call waits; never longer than `most`. */
export function patienceOf(prefer: string | string[] | undefined, most: number): number {
  const said = Array.isArray(prefer) ? prefer.join(',') : (prefer ?? '')
  const seconds = /(?:^|[,;])[ \t]*wait[ \t]*=[ \t]*"?(\d{1,6})"?[ \t]*(?:[,;]|$)/i.exec(said)?.[1]
  return Math.min(seconds === undefined ? UNSAID_MS : Number(seconds) * 1_000, most)
}
