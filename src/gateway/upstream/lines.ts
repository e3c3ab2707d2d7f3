// Holds line framing: MCP over standard streams is one JSON document a line, and a line has a limit.

/** Cuts a byte stream into lines. A line over the limit is reported once and ends the stream's use. */
export class LineReader {
  readonly #limit: number
  readonly #onLine: (line: Uint8Array) => void
  readonly #onOverflow: () => void
  #parts: Buffer[] = []
  #size = 0
  #over = false

  constructor(limit: number, onLine: (line: Uint8Array) => void, onOverflow: () => void) {
    this.#limit = limit
    this.#onLine = onLine
    this.#onOverflow = onOverflow
  }

  /** Takes the next bytes; calls back for every whole line, without its line feed. */
  push(chunk: Buffer): void {
    let rest = chunk
    while (!this.#over) {
      const end = rest.indexOf(0x0a)
      if (end < 0) {
        this.#keep(rest)
        return
      }
      this.#keep(rest.subarray(0, end))
      if (this.#over) return
      const line = this.#parts.length === 1 ? this.#parts[0]! : Buffer.concat(this.#parts)
      this.#parts = []
      this.#size = 0
      rest = rest.subarray(end + 1)
      if (line.length > 0) this.#onLine(line)
    }
  }

  #keep(part: Buffer): void {
    if (part.length === 0) return
    this.#size += part.length
    if (this.#size > this.#limit) {
      this.#over = true
      this.#parts = []
      this.#onOverflow()
      return
    }
    this.#parts.push(part)
  }
}
