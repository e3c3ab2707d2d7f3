// Holds the reading of multipart/form-data (RFC 7578), strictly: every part is where every reader takes it to be, or all is refused.

import { gatewayFault } from '../faults.ts'
import { readMediaType } from './media.ts'
import type { Source } from './source.ts'

/** Parts of one form, and the headers of one part. */
const MAX_PARTS = 1_000
const MAX_PART_HEADERS = 8_192

/** What a part says of itself. */
export interface Part {
  readonly name: string
  readonly filename?: string
  /** Without parameters, in small letters. */
  readonly type?: string
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
/** No backslash, which some take for an escape and some do not; no path. */
const DISPOSITION =
  /^form-data; ?name="([^"\\\p{Cc}]{1,256})"(?:; ?filename="([^"\\/\p{Cc}]{0,255})")?$/iu
const HEADER = /^([A-Za-z0-9-]{1,64}):[ \t]*((?:\t|\P{Cc})*?)[ \t]*$/u

/** True for a boundary as RFC 2046 §5.1.1 has it, without the space that some cut off. */
export function isBoundary(text: string | undefined): text is string {
  return text !== undefined && /^[0-9A-Za-z'()+_,\-./:=?]{1,70}$/.test(text)
}

/** Reads one form, part by part. */
export class MultipartReader {
  readonly #source: Source
  readonly #delimiter: Buffer
  #buffer: Buffer
  #parts = 0
  #state: 'start' | 'part' | 'between' | 'end' = 'start'

  constructor(source: Source, boundary: string) {
    this.#source = source
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1')
    // The first delimiter has no line end of its own in front.
    this.#buffer = Buffer.from('\r\n', 'latin1')
  }

  /** The next part; undefined after the last. The one before has to be read to its end. Rejects with `http.form`, or as the source does. */
  async nextPart(): Promise<Part | undefined> {
    if (this.#state === 'start') {
      await this.#fill(this.#delimiter.length)
      if (!this.#buffer.subarray(0, this.#delimiter.length).equals(this.#delimiter)) {
        throw refuse('the form does not begin with its boundary')
      }
      this.#buffer = this.#buffer.subarray(this.#delimiter.length)
      this.#state = 'between'
    }
    if (this.#state !== 'between') throw new TypeError('a part was not read to its end')
    await this.#fill(2)
    const mark = this.#buffer.subarray(0, 2).toString('latin1')
    this.#buffer = this.#buffer.subarray(2)
    if (mark === '--') return this.#finish()
    if (mark !== '\r\n') throw refuse('there is something between two parts')
    if (++this.#parts > MAX_PARTS) throw refuse(`the form has more than ${MAX_PARTS} parts`)
    this.#state = 'part'
    return this.#head()
  }

  /** The next piece of the part; undefined at its end. */
  async read(): Promise<Buffer | undefined> {
    if (this.#state !== 'part') return undefined
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter)
      if (at === 0) {
        this.#buffer = this.#buffer.subarray(this.#delimiter.length)
        this.#state = 'between'
        return undefined
      }
      // What may be the beginning of the delimiter stays until it is known.
      const free = at > 0 ? at : this.#buffer.length - this.#delimiter.length + 1
      if (free > 0) {
        const piece = this.#buffer.subarray(0, free)
        this.#buffer = this.#buffer.subarray(free)
        return piece
      }
      await this.#more()
    }
  }

  async #head(): Promise<Part> {
    let end = this.#buffer.indexOf('\r\n\r\n')
    while (end < 0) {
      if (this.#buffer.length > MAX_PART_HEADERS)
        throw refuse('the headers of a part are too large')
      await this.#more()
      end = this.#buffer.indexOf('\r\n\r\n')
    }
    if (end > MAX_PART_HEADERS) throw refuse('the headers of a part are too large')
    const text = this.#buffer.subarray(0, end)
    this.#buffer = this.#buffer.subarray(end + 4)
    return readHead(text)
  }

  async #finish(): Promise<undefined> {
    this.#state = 'end'
    const { bytes, whole } = await this.#source.upTo(2)
    const rest = Buffer.concat([this.#buffer, bytes]).toString('latin1')
    if (!whole || (rest !== '' && rest !== '\r\n')) throw refuse('something stands behind the form')
    return undefined
  }

  async #fill(length: number): Promise<void> {
    while (this.#buffer.length < length) await this.#more()
  }

  async #more(): Promise<void> {
    const piece = await this.#source.next()
    if (piece === undefined) throw refuse('the form ends in the middle of a part')
    this.#buffer = this.#buffer.length === 0 ? piece : Buffer.concat([this.#buffer, piece])
  }
}

function readHead(bytes: Buffer): Part {
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    throw refuse('the headers of a part are not UTF-8')
  }
  const headers = new Map<string, string>()
  for (const line of text.split('\r\n')) {
    const [, name, value] = HEADER.exec(line) ?? []
    if (name === undefined || value === undefined) throw refuse('a header of a part is broken')
    const key = name.toLowerCase()
    if (headers.has(key)) throw refuse('a header of a part came twice')
    headers.set(key, value)
  }
  const [, name, filename] = DISPOSITION.exec(headers.get('content-disposition') ?? '') ?? []
  if (name === undefined) throw refuse('a part has no name, or says it in a way that is not read')
  const coding = headers.get('content-transfer-encoding')
  if (coding !== undefined && !/^(?:7bit|8bit|binary)$/i.test(coding)) {
    throw refuse('a part is encoded')
  }
  const said = headers.get('content-type')
  const type = said === undefined ? undefined : readMediaType(said)
  if (said !== undefined && type === undefined) throw refuse('the media type of a part is broken')
  return {
    name,
    ...(filename !== undefined && { filename }),
    ...(type !== undefined && { type: type.type }),
  }
}

function refuse(detail: string) {
  return gatewayFault('http.form', detail)
}
