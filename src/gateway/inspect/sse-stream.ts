// Holds the look at server-sent events (HTML Living Standard §9.2): each event by itself, whole, in its own framing.

import { deny } from '../denial.ts'
import { lookAtJson } from './json-stream.ts'
import type { TextStage } from './text-stream.ts'
import { lookAt, type TextLook } from './text.ts'

/** Characters of one event. */
const EVENT = 4_194_304
/** An empty line, by whichever ends of lines: what ends an event. */
const ENDS = /(?:\r\n|\n|\r(?!\n))(?:\r\n|\n|\r(?!\n))/g
const LINE = /\r\n|\n|\r/

/** Events, each passed on when it has ended. */
export class EventText implements TextStage {
  readonly #look: TextLook
  #held = ''
  /** Up to where there is no end of an event. */
  #read = 0

  constructor(look: TextLook) {
    this.#look = look
  }

  push(text: string): string {
    this.#held += text
    let out = ''
    let done = 0
    ENDS.lastIndex = Math.max(0, this.#read - 3)
    for (let end = ENDS.exec(this.#held); end !== null; end = ENDS.exec(this.#held)) {
      const after = end.index + end[0].length
      // A carriage return that ends the piece may be half of an end of line.
      if (after === this.#held.length && end[0].endsWith('\r')) break
      out += this.#event(this.#held.slice(done, end.index), end[0])
      done = after
    }
    this.#held = this.#held.slice(done)
    this.#read = this.#held.length
    if (this.#held.length > EVENT) {
      this.#look.finding.refuse(deny('inspect.too_large', 'an event of the answer is too large'))
    }
    return out
  }

  /** A client drops an event that did not end; what is left is looked at like any other. */
  end(): string {
    const rest = this.#held
    this.#held = ''
    return this.#event(rest, '')
  }

  #event(event: string, end: string): string {
    if (event === '') return end
    const lines = event.split(LINE)
    const data = lines.filter((line) => isData(line)).map(dataOf)
    const said = data.join('\n')
    const seen = /^\s*[[{"]/.test(said) ? lookAtJson(said, this.#look) : lookAt(said, this.#look)
    const others = lines.map((line) => (isData(line) ? line : lookAt(line, this.#look)))
    const same = seen === said && others.every((line, at) => line === lines[at])
    if (same) return event + end
    const first = lines.findIndex(isData)
    const out = others.flatMap((line, at) => {
      if (!isData(lines[at]!)) return [line]
      return at === first ? seen.split(LINE).map((part) => `data: ${part}`) : []
    })
    return out.join('\n') + (end === '' ? '' : '\n\n')
  }
}

function isData(line: string): boolean {
  return line === 'data' || line.startsWith('data:')
}

function dataOf(line: string): string {
  return line.slice(5).replace(/^ /, '')
}
