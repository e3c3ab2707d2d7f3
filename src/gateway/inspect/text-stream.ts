// Holds the look at a text that comes in pieces: nothing goes on before the longest thing that could begin there would be whole.

import { openKey } from './private-key.ts'
import { withoutSpans, type Span } from './span.ts'
import { cleaned, linked, settle, spansIn, type TextLook } from './text.ts'

/** What texts in pieces become: a stage of a stream. */
export interface TextStage {
  /** What may go on now. */
  push(text: string): string
  /** What is left, at the end. */
  end(): string
}

/** Characters that are held back at least: the longest of what rules and detectors look for. */
const HELD = 4_096
/** Characters that are held back for a private key whose end is not there yet. */
const KEY_HELD = 32_768
/** Characters of one thing without an end that are held back. */
const SPAN_HELD = 65_536
/** What a token goes on with. */
const GOES_ON = /^[\w\-+/=.~%:]*/
/** Characters at the end that are not cleaned yet: whether something belongs there depends on what comes. */
const UNCLEAN = 512
/** How far a border is moved so that it parts no word. */
const WORD = 512

/** Moves a border back to where a word ends, or at least between two characters. */
function between(text: string, border: number): number {
  for (let at = border; at > 0 && border - at < WORD; at -= 1) {
    const code = text.charCodeAt(at - 1)
    if (code === 32 || code === 10) return at
  }
  const code = text.charCodeAt(border)
  return code >= 0xdc_00 && code <= 0xdf_ff ? border - 1 : border
}

/** Holds back, cleans, searches and cuts. What it holds is bounded, whatever comes. */
export class HeldText implements TextStage {
  readonly #look: TextLook
  readonly #held: number
  /** Not cleaned yet. */
  #raw = ''
  /** Cleaned, not searched yet. */
  #plain = ''
  /** True while what comes belongs to something that was cut before its end was there. */
  #cutting = false

  constructor(look: TextLook) {
    this.#look = look
    this.#held = Math.max(HELD, look.own?.longest ?? 0)
  }

  push(text: string): string {
    this.#raw += text
    if (this.#plain.length + this.#raw.length < this.#held * 2 + UNCLEAN) return ''
    const border = between(this.#raw, this.#raw.length - UNCLEAN)
    this.#plain += cleaned(this.#raw.slice(0, border), this.#look)
    this.#raw = this.#raw.slice(border)
    return this.#pass(this.#plain.length - this.#held)
  }

  end(): string {
    this.#plain += cleaned(this.#raw, this.#look)
    this.#raw = ''
    return this.#pass(this.#plain.length)
  }

  /** Passes on what stands before a place, or before what reaches beyond it. */
  #pass(upTo: number): string {
    if (this.#cutting) this.#plain = this.#afterCut()
    const text = this.#plain
    const least = Math.min(upTo, text.length)
    if (least <= 0) return ''
    const spans = spansIn(text, this.#look)
    const border = least === text.length ? least : this.#border(text, spans, least)
    const whole = spans.filter(({ to }) => to <= border)
    const head = text.slice(0, border)
    this.#plain = text.slice(border)
    const cut = whole.length === 0 ? whole : settle(whole, this.#look)
    // It may well go on: all that there is of it is more than is ever held.
    this.#cutting = upTo < text.length && border === text.length && cut.at(-1)?.to === border
    return linked(cut.length === 0 ? head : withoutSpans(head, cut), this.#look)
  }

  #border(text: string, spans: readonly Span[], upTo: number): number {
    const open = openKey(text)
    const bound = open !== undefined && text.length - open < KEY_HELD ? Math.min(open, upTo) : upTo
    const border = between(text, bound)
    const crossing = spans.find(({ from, to }) => from < border && to > border)
    if (crossing === undefined) return border
    return crossing.to === text.length && text.length - crossing.from > SPAN_HELD
      ? text.length
      : crossing.from
  }

  /** What is left once the rest of what was cut is gone. */
  #afterCut(): string {
    const rest = this.#plain.slice(GOES_ON.exec(this.#plain)![0].length)
    this.#cutting = rest === ''
    return rest
  }
}
