// Holds the inspection of a body that comes in pieces: bytes in, and out what of them may go on now.

import { deny, type Denial } from '../denial.ts'
import { ByteStage } from './byte-stream.ts'
import { JsonText } from './json-stream.ts'
import { renew } from './effort.ts'
import { essence, isTextual } from './media.ts'
import { EventText } from './sse-stream.ts'
import { HeldText, type TextStage } from './text-stream.ts'
import type { TextLook } from './text.ts'

/** What a stream is held to. */
export interface StreamLimits {
  /** Most bytes of the body, before anything is cut. */
  readonly maxBytes: number
}

/** A body as it may be seen. Whoever reads it looks at `denial` after each `push` and after `end`: once set, nothing more passes. */
export interface InspectedStream {
  /** What may go on now: empty where all is held back. */
  push(chunk: Buffer): Buffer
  /** What was held back, at the end. */
  end(): Buffer
  /** Why nothing more may pass. What went on already stays seen: the way to the client is cut, and never ended as if it were whole. */
  readonly denial: Denial | undefined
}

interface Stage {
  push(chunk: Buffer): Buffer
  end(): Buffer
}

const NOTHING = Buffer.alloc(0)
const UTF8 = /^(?:utf-?8|us-ascii|ascii)$/i
const LABEL = /;\s*charset\s*=\s*"?([^";\s]{1,40})/i
/** Bytes that no text has (WHATWG MIME Sniffing §3, "binary data byte"), ESC besides. */
// eslint-disable-next-line no-control-regex
const BINARY = /[\u0000-\u0008\u000b\u000e-\u001a\u001c-\u001f]/

/** Decodes, looks, encodes. Bytes that are no UTF-8 end it. */
class Decoding implements Stage {
  readonly #decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  readonly #stage: TextStage
  readonly #look: TextLook

  constructor(stage: TextStage, look: TextLook) {
    this.#stage = stage
    this.#look = look
  }

  push(chunk: Buffer): Buffer {
    const text = this.#text(() => this.#decoder.decode(chunk, { stream: true }))
    return text === undefined ? NOTHING : Buffer.from(this.#stage.push(text), 'utf8')
  }

  end(): Buffer {
    const text = this.#text(() => this.#decoder.decode())
    return text === undefined
      ? NOTHING
      : Buffer.from(this.#stage.push(text) + this.#stage.end(), 'utf8')
  }

  #text(decode: () => string): string | undefined {
    try {
      return decode()
    } catch (error) {
      if (!(error instanceof TypeError)) throw error
      this.#look.finding.refuse(
        deny('inspect.bad_type', 'the answer is named text and is not UTF-8'),
      )
      return undefined
    }
  }
}

/** A body that nobody named: text for as long as it can be read as text, bytes from the first piece on that cannot. */
class Unnamed implements Stage {
  readonly #look: TextLook
  #text: HeldText | undefined
  #bytes: ByteStage | undefined
  #tail = NOTHING

  constructor(look: TextLook) {
    this.#look = look
  }

  push(chunk: Buffer): Buffer {
    if (this.#bytes !== undefined) return this.#bytes.push(chunk)
    const bytes = Buffer.concat([this.#tail, chunk])
    const whole = bytes.length - partial(bytes)
    const text = readable(bytes.subarray(0, whole))
    if (text !== undefined) {
      this.#tail = Buffer.from(bytes.subarray(whole))
      this.#text ??= new HeldText(this.#look)
      return Buffer.from(this.#text.push(text), 'utf8')
    }
    this.#bytes = new ByteStage('application/octet-stream', this.#look)
    const before = Buffer.from(this.#text?.end() ?? '', 'utf8')
    return Buffer.concat([before, this.#bytes.push(bytes)])
  }

  end(): Buffer {
    if (this.#bytes !== undefined) return this.#bytes.end()
    return Buffer.concat([Buffer.from(this.#text?.end() ?? '', 'utf8'), this.#tail])
  }
}

/** Bytes at the end that begin a character and do not end it. */
function partial(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back]!
    if (byte < 0x80) return 0
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0
  }
  return 0
}

function readable(bytes: Buffer): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
    return BINARY.test(text) ? undefined : text
  } catch (error) {
    if (error instanceof TypeError) return undefined
    throw error
  }
}

function stageFor(contentType: string | undefined, look: TextLook): Stage {
  const type = contentType === undefined ? '' : essence(contentType)
  if (type === '' || type === 'application/octet-stream') return new Unnamed(look)
  if (!isTextual(type)) return new ByteStage(type, look)
  const charset = LABEL.exec(contentType ?? '')?.[1]
  if (charset !== undefined && !UTF8.test(charset)) {
    look.finding.refuse(
      deny('inspect.bad_type', 'the answer is text in another encoding than UTF-8'),
    )
  }
  if (type === 'text/event-stream') return new Decoding(new EventText(look), look)
  const json = /[+/](?:json|jsonl|x-ndjson|ndjson)$/.test(type)
  return new Decoding(json ? new JsonText(look) : new HeldText(look), look)
}

/** Inspects one body. */
export function streamOf(
  contentType: string | undefined,
  { maxBytes }: StreamLimits,
  look: TextLook,
): InspectedStream {
  const { finding } = look
  const stage = stageFor(contentType, look)
  const unless = (pass: () => Buffer): Buffer => {
    if (finding.refused !== undefined) return NOTHING
    renew(look)
    const out = pass()
    return finding.refused === undefined ? out : NOTHING
  }
  return {
    push: (chunk) => {
      finding.measure(chunk.length, maxBytes)
      return unless(() => stage.push(chunk))
    },
    end: () => unless(() => stage.end()),
    get denial() {
      return finding.refused
    },
  }
}
