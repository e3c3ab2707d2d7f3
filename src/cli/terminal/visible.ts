// Holds making text safe to look at: what could move the cursor, hide, or reorder a line is shown as an escape.

// Controls, format characters (direction marks among them), separators of lines, private use, broken surrogates, everything
// that is drawn as nothing (Unicode's Default_Ignorable_Code_Point), spaces that are not the space, and the blank of Braille.
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu

function escape(character: string): string {
  const point = character.codePointAt(0)!
  const digits = point.toString(16)
  return point > 0xffff ? `\\u{${digits}}` : `\\u${digits.padStart(4, '0')}`
}

/**
 * Text of others on one line of a terminal: what is hidden becomes `\u001b` or `\u{e0041}`. Everything that an agent or a
 * system said goes through here before a terminal sees it.
 */
export function visible(text: string): string {
  return text.replace(HIDDEN, escape)
}

/** The same for text of several lines: line feeds and tabs stay. */
export function visibleLines(text: string): string {
  return text.replace(HIDDEN, (character) =>
    character === '\n' || character === '\t' ? character : escape(character),
  )
}

/**
 * JSON text with what is hidden in its strings as the escapes that JSON has for it (RFC 8259 §7): the document means the
 * same. Line feeds and tabs can only stand between values, and stay.
 */
export function visibleJson(text: string): string {
  return text.replace(HIDDEN, (character) => {
    if (character === '\n' || character === '\t') return character
    let out = ''
    for (let at = 0; at < character.length; at++) {
      out += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`
    }
    return out
  })
}

/** How many characters of a text are hidden, line feeds and tabs not counted. */
export function countHidden(text: string): number {
  let count = 0
  for (const [character] of text.matchAll(HIDDEN)) {
    if (character !== '\n' && character !== '\t') count++
  }
  return count
}
