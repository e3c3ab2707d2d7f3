// Holds the cleaning of text: what nobody sees and models read all the same is taken out.

/** A text without what cannot be seen, and how many characters that took. */
export interface Cleaned {
  readonly text: string
  readonly removed: number
}

/**
 * What makes a text worth a closer look: controls other than tab, line feed and carriage return (with ESC, which begins terminal
 * sequences); formats without a width or that reorder (Unicode Cf, bidirectional controls of UAX #9); fillers that show as nothing;
 * variation selectors and tag characters, which can carry whole hidden texts; halves of surrogate pairs.
 */
const HIDDEN =
  // eslint-disable-next-line no-control-regex, no-misleading-character-class
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}\p{Cs}]/u

/** Terminal sequences (ECMA-48 §5.4, §5.6): CSI with its parameters, strings up to their end, and two-character escapes. */
const TERMINAL =
  // eslint-disable-next-line no-control-regex
  /(?:\u001b\[|\u009b)[0-?]{0,256}[ -/]{0,16}[@-~]?|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]{0,4096}(?:\u0007|\u001b\\|\u009c)?|\u001b[ -/]{0,16}[0-~]?/g

/** An emoji flag of a subdivision: the only text that tag characters are for (UTS #51 §C.1). */
const FLAG = /\u{1f3f4}[\u{e0030}-\u{e0039}\u{e0061}-\u{e007a}]{3,6}\u{e007f}/gu

/**
 * Joiners and selectors that belong to what stands before them: a joiner between parts of an emoji, a joiner or non-joiner between
 * letters of a script that is written with them, one variation selector after what has variants.
 */
const BELONGS =
  /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\u20e3]\ufe0f?)\u200d(?=\p{Extended_Pictographic})|(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}])[\u200c\u200d](?=\p{L})|(?<=[\p{Extended_Pictographic}\p{Emoji}])[\ufe0e\ufe0f](?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}])|(?<=\p{Script=Han})[\ufe00-\ufe02\u{e0100}-\u{e01ef}](?![\ufe00-\ufe0f\u{e0100}-\u{e01ef}])/gu

const EACH = new RegExp(HIDDEN.source, 'gu')

/** Half of a pair, which no UTF-8 can say: shown as what it is. */
function half(char: string): boolean {
  const code = char.charCodeAt(0)
  return char.length === 1 && code >= 0xd8_00 && code <= 0xdf_ff
}

/** Takes out what cannot be seen; undefined where the text holds nothing of the kind. */
export function clean(text: string): Cleaned | undefined {
  if (!HIDDEN.test(text)) return undefined
  const plain = text.replaceAll(TERMINAL, '')
  // A byte order mark that begins a text says nothing of it, and is not kept.
  const kept = new Set<number>()
  for (const { index, 0: flag } of plain.matchAll(FLAG)) {
    for (let at = index; at < index + flag.length; at += 1) kept.add(at)
  }
  for (const { index } of plain.matchAll(BELONGS)) kept.add(index)
  const out = plain.replaceAll(EACH, (char, at: number) =>
    kept.has(at) ? char : half(char) ? '\ufffd' : '',
  )
  return out === text ? undefined : { text: out, removed: Math.max(1, text.length - out.length) }
}
