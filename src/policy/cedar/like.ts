// Holds `like`: a text against literal pieces with wildcards between them, in time that grows with the text alone.

/** One element of a pattern as the library's JSON has it. */
export type PatternElement = 'Wildcard' | { readonly Literal: string }

/** Compiles a pattern. Each piece is looked for once, from where the last one ended: the earliest place is always good enough. */
export function compileLike(pattern: readonly PatternElement[]): (text: string) => boolean {
  const pieces: string[] = ['']
  for (const element of pattern) {
    if (element === 'Wildcard') pieces.push('')
    else pieces[pieces.length - 1] += element.Literal
  }
  const head = pieces[0]!
  if (pieces.length === 1) return (text) => text === head
  const tail = pieces.at(-1)!
  const inner = pieces.slice(1, -1).filter((piece) => piece !== '')
  const least = head.length + tail.length
  return (text) => {
    if (text.length < least || !text.startsWith(head) || !text.endsWith(tail)) return false
    let at = head.length
    const end = text.length - tail.length
    for (const piece of inner) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at <= end
  }
}
