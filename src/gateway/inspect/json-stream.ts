// Holds the look at JSON that comes in pieces: each string and number by itself, everything between as it is.

import { HeldText, type TextStage } from './text-stream.ts'
import { lookAt, type TextLook } from './text.ts'

/** Characters of one string that are held until it ends; what is longer is passed on in parts. */
const WHOLE = 1_048_576

/** Characters that have to come before passing on a part is tried again. */
const RETRY = 65_536

/** What may stand outside of strings (RFC 8259 §2, and what parts documents). */
const OUTSIDE = /^[\s\d{}[\]:,+\-.eEtrufalsn]*$/
/** A number that is long enough to be something. */
const NUMBER = /-?\d[\d.eE+-]{5,}/g
const NUMBER_END = /[\d.eE+-]{1,400}$/

function escaped(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** What a string says; undefined where it is none. */
function unescaped(raw: string): string | undefined {
  if (!raw.includes('\\')) return raw
  try {
    return JSON.parse(`"${raw}"`) as string
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Where a string that goes on at `from` ends; `escape` says that the character there is escaped. One pass, whatever it holds. */
function stringEnd(
  text: string,
  from: number,
  escape: boolean,
): { readonly at: number } | { readonly escape: boolean } {
  let at = escape ? from + 1 : from
  let quote = text.indexOf('"', at)
  let slash = text.indexOf('\\', at)
  while (at < text.length) {
    if (quote >= 0 && quote < at) quote = text.indexOf('"', at)
    if (slash >= 0 && slash < at) slash = text.indexOf('\\', at)
    if (quote >= 0 && (slash < 0 || quote < slash)) return { at: quote }
    if (slash < 0) return { escape: false }
    // What is escaped is no end; where the text ends here, the next one goes on with it.
    if (slash + 1 >= text.length) return { escape: true }
    at = slash + 2
  }
  return { escape: false }
}

/** Reads only as much of JSON as tells strings from what stands between them. What is no JSON is looked at as text from there on. */
export class JsonText implements TextStage {
  readonly #look: TextLook
  #string: string | undefined
  #escape = false
  /** Characters beyond `WHOLE` before the next try to pass on a part. */
  #patience = 0
  #number = ''
  /** What is left of a string that is too long, as it comes. */
  #long: HeldText | undefined
  #text: HeldText | undefined

  constructor(look: TextLook) {
    this.#look = look
  }

  push(text: string): string {
    let out = ''
    let at = 0
    while (at < text.length) {
      if (this.#text !== undefined) return out + this.#text.push(text.slice(at))
      if (this.#string === undefined) {
        const quote = text.indexOf('"', at)
        const end = quote < 0 ? text.length : quote
        const outside = this.#outside(text.slice(at, end), quote >= 0)
        // It was no JSON: what has not gone on yet is text.
        if (outside === undefined) continue
        out += outside
        at = end
        if (quote >= 0) {
          out += '"'
          at += 1
          this.#string = ''
          this.#escape = false
        }
        continue
      }
      const found = stringEnd(text, at, this.#escape)
      const end = 'at' in found ? found.at : text.length
      this.#string += text.slice(at, end)
      at = end
      if ('at' in found) {
        out += `${this.#whole()}"`
        at += 1
      } else {
        this.#escape = found.escape
        if (this.#string.length > WHOLE + this.#patience) out += this.#part()
      }
    }
    return out
  }

  end(): string {
    if (this.#text !== undefined) return this.#text.end()
    if (this.#string !== undefined) return this.#whole()
    return this.#outside('', true) ?? ''
  }

  /** A string, or the rest of one, that is all there. */
  #whole(): string {
    const raw = this.#string ?? ''
    const long = this.#long
    this.#string = undefined
    this.#escape = false
    this.#long = undefined
    const said = unescaped(raw)
    if (long !== undefined) return escaped(long.push(said ?? raw) + long.end())
    // A string that is none is passed on as what can be read of it.
    if (said === undefined) return escaped(lookAt(raw, this.#look))
    const seen = lookAt(said, this.#look)
    return seen === said ? raw : escaped(seen)
  }

  /** What is there of a string that is too long to be held. */
  #part(): string {
    const raw = this.#string ?? ''
    // An escape is not parted, and neither is a pair of them.
    const open = raw.lastIndexOf('\\', raw.length) > raw.length - 14 ? raw.length - 14 : raw.length
    let end = open
    while (end > 0 && /[\\u0-9A-Fa-f]/.test(raw[end - 1]!) && open - end < 28) end -= 1
    const said = unescaped(raw.slice(0, end))
    // It would part an escape: once there is more, it does not.
    if (said === undefined && raw.length < 2 * WHOLE) {
      this.#patience += RETRY
      return ''
    }
    this.#patience = 0
    this.#string = raw.slice(end)
    this.#long ??= new HeldText(this.#look)
    return escaped(this.#long.push(said ?? raw.slice(0, end)))
  }

  /** What stands between strings; undefined where it is no JSON, which is then text. */
  #outside(piece: string, ends: boolean): string | undefined {
    const text = this.#number + piece
    this.#number = ''
    if (!OUTSIDE.test(text)) {
      // Digits that were held back are too few to go on at once.
      this.#text = new HeldText(this.#look)
      this.#text.push(text.slice(0, text.length - piece.length))
      return undefined
    }
    const held = ends ? '' : (NUMBER_END.exec(text)?.[0] ?? '')
    this.#number = held
    return text.slice(0, text.length - held.length).replaceAll(NUMBER, (digits) => {
      const seen = lookAt(digits, this.#look)
      return seen === digits ? digits : `"${escaped(seen)}"`
    })
  }
}

/** One document, or what may be one, that is all there. */
export function lookAtJson(text: string, look: TextLook): string {
  const stage = new JsonText(look)
  return stage.push(text) + stage.end()
}
