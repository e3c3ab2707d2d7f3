// Holds the check for characters that people do not see: hidden ones, those that turn text around, tags, and commands to terminals.

import { excerptAt } from './visible.ts'
import type { Look, Sign } from './sign.ts'

const KINDS = [
  [/[\u{e0000}-\u{e007f}]/u, 'tags', 'holds tag characters, which spell out text that nobody sees'],
  [
    // The marks of direction alone are common in texts of right-to-left scripts; embeddings and overrides are not.
    /[\u202a-\u202e\u2066-\u2069]/u,
    'bidi',
    'turns text around, so that it reads as something else than it is',
  ],
  [/(?![\t\n\r])\p{Cc}/u, 'terminal', 'holds control characters: commands to a terminal'],
] as const

/** What draws nothing; joiners and selectors of emoji are left out before it is asked. */
const UNSEEN =
  /(?![\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}\u{2800}]/u
const EMOJI =
  /(?<=[\p{Emoji}\p{Emoji_Modifier}])[\ufe0e\ufe0f\u20e3]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})/gu

/** Points out hidden characters. */
export function* invisible({ places }: Look): Generator<Sign> {
  for (const { place, text } of places) {
    const bare = text.replace(EMOJI, '')
    const kind = KINDS.find(([pattern]) => pattern.test(bare))
    if (kind !== undefined) {
      const [pattern, code, message] = kind
      yield { code, place, message, excerpt: excerptAt(text, text.search(pattern)) }
      continue
    }
    const at = bare.search(UNSEEN)
    if (at < 0) continue
    const message = 'holds characters that people do not see'
    yield { code: 'invisible', place, message, excerpt: excerptAt(bare, at) }
  }
}
