// Holds the reading of the first words of a TLS client: the name of the server that it asks for (RFC 8446 §4.1.2, RFC 6066 §3).

/** What the first bytes of a connection are. */
export type Hello =
  /** More bytes are needed to tell. */
  | 'more'
  /** No TLS. */
  | 'other'
  /** TLS that cannot be read: nobody could say whom it is for. */
  | 'broken'
  /** A ClientHello; `name` in small letters, absent where it names no server. */
  | { readonly name?: string }

/** A ClientHello may fill several records; beyond this nobody sends one. */
const MAX_HELLO = 65_536

const HANDSHAKE = 22
const CLIENT_HELLO = 1
const SERVER_NAME = 0
const HOST_NAME = 0

/** Reads the beginning of what a client says. */
export function readHello(bytes: Uint8Array): Hello {
  if (bytes.length === 0) return 'more'
  if (bytes[0] !== HANDSHAKE) return 'other'
  const message = handshake(bytes)
  if (message === 'more') return bytes.length > MAX_HELLO ? 'broken' : 'more'
  if (message === 'broken') return 'broken'
  try {
    return nameIn(new Cursor(message))
  } catch (error) {
    if (error instanceof RangeError) return 'broken'
    throw error
  }
}

/** The first handshake message, out of as many records as it fills. */
function handshake(bytes: Uint8Array): Uint8Array | 'more' | 'broken' {
  const parts: Uint8Array[] = []
  let have = 0
  for (let at = 0; ;) {
    if (bytes.length < at + 5) return 'more'
    const length = (bytes[at + 3]! << 8) | bytes[at + 4]!
    if (bytes[at] !== HANDSHAKE || bytes[at + 1] !== 3 || length === 0 || length > 16_640) {
      return 'broken'
    }
    if (bytes.length < at + 5 + length) return 'more'
    parts.push(bytes.subarray(at + 5, at + 5 + length))
    have += length
    at += 5 + length
    if (have < 4) continue
    const whole = Buffer.concat(parts)
    if (whole[0] !== CLIENT_HELLO) return 'broken'
    const size = 4 + ((whole[1]! << 16) | (whole[2]! << 8) | whole[3]!)
    if (size > MAX_HELLO) return 'broken'
    if (whole.length >= size) return whole.subarray(4, size)
  }
}

/** The only `host_name` of the only `server_name` extension. */
function nameIn(hello: Cursor): Hello {
  hello.skip(2 + 32)
  hello.vector(1)
  hello.vector(2)
  hello.vector(1)
  if (hello.done) return {}
  const extensions = new Cursor(hello.vector(2))
  let name: string | undefined
  while (!extensions.done) {
    const type = extensions.number(2)
    const body = extensions.vector(2)
    if (type !== SERVER_NAME) continue
    const names = new Cursor(new Cursor(body).vector(2))
    while (!names.done) {
      const kind = names.number(1)
      const host = Buffer.from(names.vector(2)).toString('latin1').toLowerCase()
      // Two names would be two answers to one question.
      if (kind !== HOST_NAME || name !== undefined) return 'broken'
      name = host
    }
  }
  return name === undefined ? {} : { name }
}

/** Reads numbers and vectors; throws a RangeError beyond the end. */
class Cursor {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get done(): boolean {
    return this.#at === this.#bytes.length
  }

  skip(count: number): Uint8Array {
    const end = this.#at + count
    if (end > this.#bytes.length) throw new RangeError('beyond the end')
    const part = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return part
  }

  number(width: number): number {
    return this.skip(width).reduce((value, byte) => value * 256 + byte, 0)
  }

  vector(width: number): Uint8Array {
    return this.skip(this.number(width))
  }
}
