// Holds the making visible of texts that may hide something: a short piece of it, with every hidden character as an escape.

/** Controls, format characters, separators, private use, broken surrogates, what is drawn as nothing, and the blank of Braille. */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]|(?! )\p{Zs}/gu

/** Characters before and after what was found. */
const AROUND = 40

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}

/** A text on one line, nothing hidden in it. */
export function visible(text: string): string {
  return text.replace(HIDDEN, escaped)
}

/** What stands around a place of a text. */
export function excerptAt(text: string, at: number, length = 1): string {
  const from = Math.max(0, at - AROUND)
  const to = Math.min(text.length, at + Math.min(length, 120) + AROUND)
  const piece = visible(text.slice(from, to).replaceAll(/[\t\r\n]+/g, ' '))
  return `${from > 0 ? '…' : ''}${piece}${to < text.length ? '…' : ''}`
}
