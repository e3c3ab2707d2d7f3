// Holds the drawing of a tree as text for people: inert, and no longer than there is room.

import { inert } from '../../std/inert.ts'
import { JsonNumber, type Json } from '../../std/json.ts'

/** A tree as text that people can read, and whether it was cut. */
export interface Drawn {
  readonly text: string
  readonly cut: boolean
}

class Pen {
  #left: number
  text = ''
  cut = false

  constructor(most: number) {
    this.#left = most
  }

  /** Writes; false once there is no room. Text is cut before it is looked at, so that a megabyte costs nothing. */
  put(text: string): boolean {
    if (this.cut) return false
    if (text.length > this.#left) {
      this.text += text.slice(0, this.#left).toWellFormed()
      this.cut = true
      return false
    }
    this.text += text
    this.#left -= text.length
    return true
  }

  string(text: string): boolean {
    // A character becomes at most ten: what is beyond the room would be cut anyway.
    const within = text.slice(0, this.#left)
    return this.put(inert(JSON.stringify(within))) && this.put(within === text ? '' : '…')
  }

  value(value: Json, indent: string): boolean {
    if (typeof value === 'string') return this.string(value)
    if (value instanceof JsonNumber) return this.put(value.text)
    if (value === null || typeof value !== 'object') return this.put(String(value))
    const list = Array.isArray(value)
    const keys = Object.keys(value)
    if (keys.length === 0) return this.put(list ? '[]' : '{}')
    const deeper = `${indent}  `
    this.put(list ? '[' : '{')
    for (const [at, key] of keys.entries()) {
      if (!this.put(`${at === 0 ? '' : ','}\n${deeper}`)) return false
      if (!list && !(this.string(key) && this.put(': '))) return false
      const member = list ? value[at] : value[key]
      if (!this.value(member ?? null, deeper)) return false
    }
    return this.put(`\n${indent}${list ? ']' : '}'}`)
  }
}

/** Draws a tree in at most `most` characters, inert. */
export function draw(value: Json, most: number): Drawn {
  const pen = new Pen(most)
  pen.value(value, '')
  return { text: pen.text, cut: pen.cut }
}
