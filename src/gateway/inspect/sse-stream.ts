// Holds the look at server-sent events (HTML Living Standard §9.2): each event by itself, whole, in its own framing.

import { deny } from '../denial.ts'
import { lookAtJson } from './json-stream.ts'
import type { TextStage } from './text-stream.ts'
import { lookAt, type TextLook } from './text.ts'

/** Characters of one event. */
const EVENT = 4_194_304
const LINE = /\r\n|\n|\r/
/** The end of the last line, and the empty line that ends an event. */
const ENDS = /(?:\r\n|\n|\r(?!\n)){1,2}$/
const LINES = /\r\n|\n|\r/g

/** Events, each passed on when it has ended. Each piece is read once, however small the pieces are. */
export class EventText implements TextStage {
  readonly #look: TextLook
  /** The event as it came, without the line end that ended it. */
  #event: string[] = []
  #size = 0
  /** True where the line that is being read has nothing in it so far. */
  #blank = true
  /** True where the last piece ended with a carriage return: a line feed that follows belongs to it. */
  #return = false

  constructor(look: TextLook) {
    this.#look = look
  }

  push(piece: string): string {
    let out = ''
    let at = 0
    if (this.#return && piece.startsWith('\n')) {
      at = 1
      if (this.#size === 0) out += '\n'
      else this.#keep('\n')
    }
    this.#return = piece === '' ? this.#return : piece.endsWith('\r')
    LINES.lastIndex = at
    for (let end = LINES.exec(piece); end !== null; end = LINES.exec(piece)) {
      const after = end.index + end[0].length
      const blank = this.#blank && end.index === at
      this.#keep(piece.slice(at, after))
      this.#blank = true
      at = after
      if (blank) out += this.#take()
    }
    if (at < piece.length) {
      this.#keep(piece.slice(at))
      this.#blank = false
    }
    if (this.#size > EVENT) {
      this.#look.finding.refuse(deny('inspect.too_large', 'an event of the answer is too large'))
      this.#event = []
    }
    return out
  }

  /** A client drops an event that did not end; what is left is looked at like any other. */
  end(): string {
    return this.#take()
  }

  #keep(text: string): void {
    this.#event.push(text)
    this.#size += text.length
  }

  /** What is held, looked at. */
  #take(): string {
    const raw = this.#event.join('')
    this.#event = []
    this.#size = 0
    this.#blank = true
    return raw === '' ? raw : this.#seen(raw)
  }

  #seen(raw: string): string {
    const event = raw.replace(ENDS, '')
    return this.#looked(event, raw.slice(event.length))
  }

  #looked(event: string, end: string): string {
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
    return out.join('\n') + '\n'.repeat(end.split(LINE).length - 1)
  }
}

function isData(line: string): boolean {
  return line === 'data' || line.startsWith('data:')
}

function dataOf(line: string): string {
  return line.slice(5).replace(/^ /, '')
}
