// Holds how many columns of a terminal a text takes, and cutting it to fewer.

const WIDE =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Emoji_Presentation}\u{3000}-\u{303e}\u{ff01}-\u{ff60}\u{ffe0}-\u{ffe6}]$/u
const COMBINING = /^\p{M}$/u

function widthOf(character: string): number {
  if (character <= '~') return 1
  if (COMBINING.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** Columns that a text takes which has been made visible; marks that combine take none, East Asian characters two. */
export function displayWidth(text: string): number {
  let width = 0
  for (const character of text) width += widthOf(character)
  return width
}

/** The text, cut with `…` where it is wider than `columns`. */
export function cut(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text
  let out = ''
  let width = 1
  for (const character of text) {
    width += widthOf(character)
    if (width > columns) break
    out += character
  }
  return `${out}…`
}

/** The text in lines of at most `columns`, broken at spaces; a word that is longer has a line of its own. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && displayWidth(longer) > columns) {
      lines.push(line)
      line = word
    } else line = longer
  }
  return [...lines, line]
}
