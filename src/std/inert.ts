// Holds what makes a stranger's text inert: nothing in it that people do not see, nothing that moves what they do see.

/**
 * What is never shown as itself: controls, formats (bidirectional marks among them), surrogates and unassigned, separators
 * other than a plain space, what fonts leave out, and the Braille blank.
 */
const UNSEEN = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/gu

/** More combining marks on one letter than any language needs: they would cover the lines around it. */
const MARKS = /(?<=\p{M}{3})\p{M}/gu

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

/** The text with every character that people do not see written as `\u{…}`. Escaping for HTML is the page's. */
export function inert(text: string): string {
  return text.replaceAll(UNSEEN, escaped).replaceAll(MARKS, escaped)
}
