// Holds what a command says: its answer on standard output, as a table or as JSON, and its talk on standard error.

import type { Screenable, Shell } from '../shell.ts'
import { prettyJson } from './json.ts'
import { paintFor, type Paint } from './paint.ts'
import type { Surface } from './table.ts'
import { visible } from './visible.ts'

/** How answers are written. `json` is a contract. */
export type Format = 'table' | 'json'

/** Where a command speaks. */
export class Screen {
  readonly format: Format
  readonly #shell: Shell

  constructor(shell: Shell, format: Format) {
    this.#shell = shell
    this.format = format
  }

  /** Where tables of data are drawn: cut to the terminal, whole where there is none. */
  get surface(): Surface {
    return this.#surface(this.#shell.stdout)
  }

  #surface(stream: Screenable): Surface {
    const columns = stream.isTTY === true ? stream.columns : undefined
    return {
      paint: paintFor(stream, this.#shell.env),
      ...(columns !== undefined && columns > 0 && { columns }),
    }
  }

  /** Where talk is drawn. */
  get talk(): Surface {
    return this.#surface(this.#shell.stderr)
  }

  /** Draws talk. */
  get paint(): Paint {
    return paintFor(this.#shell.stderr, this.#shell.env)
  }

  /** Milliseconds since the epoch, for relative times. */
  get now(): number {
    return this.#shell.clock.now()
  }

  /** The answer: the value itself as JSON, or what `draw` makes of it for people. */
  answer(value: unknown, draw: (surface: Surface) => string): void {
    this.data(this.format === 'json' ? `${prettyJson(value)}\n` : draw(this.surface))
  }

  /** Raw text on standard output. Text of others has to be made visible before. */
  data(text: string): void {
    this.#shell.stdout.write(text)
  }

  /** One line of talk; hidden characters in it are shown. Programs that asked for JSON are not talked to. */
  say(text: string): void {
    if (this.format === 'json') return
    this.#shell.stderr.write(`${visible(text)}\n`)
  }

  /** Talk that was made visible and painted already. */
  show(text: string): void {
    if (this.format === 'json') return
    this.#shell.stderr.write(text)
  }
}
