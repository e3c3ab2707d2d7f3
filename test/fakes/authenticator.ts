// Holds an authenticator in software: real keys, real attestation objects (`none`) and real assertions, as a browser hands them on.

import { createHash, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto'

/** How an authenticator may misbehave. Whatever is left out is as it should be. */
export interface Misbehaviour {
  readonly origin?: string
  readonly rpId?: string
  /** False: nobody touched it, or nobody proved who they are to it. */
  readonly userVerified?: boolean
  readonly counter?: number
  readonly userHandle?: string
  readonly type?: string
  /** Signs with another key. */
  readonly forged?: boolean
  readonly crossOrigin?: boolean
}

const base64url = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString('base64url')
const sha256 = (data: Uint8Array | string): Buffer => createHash('sha256').update(data).digest()

/** CBOR of what an authenticator writes: integers, bytes, texts and maps (RFC 8949), lengths below 65,536. */
function cbor(value: number | string | Uint8Array | Map<number | string, unknown>): Buffer {
  const head = (major: number, n: number): Buffer => {
    if (n < 24) return Buffer.from([(major << 5) | n])
    if (n < 256) return Buffer.from([(major << 5) | 24, n])
    return Buffer.from([(major << 5) | 25, n >> 8, n & 255])
  }
  if (typeof value === 'number') return value >= 0 ? head(0, value) : head(1, -1 - value)
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    return Buffer.concat([head(3, text.length), text])
  }
  if (value instanceof Map) {
    const pairs = [...value].flatMap(([key, one]) => [cbor(key), cbor(one as number)])
    return Buffer.concat([head(5, value.size), ...pairs])
  }
  return Buffer.concat([head(2, value.length), value])
}

/** One authenticator with one ES256 credential. */
export class Authenticator {
  readonly id = randomBytes(16)
  readonly #pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  readonly #origin: string
  counter = 0
  userHandle = ''

  constructor(origin: string) {
    this.#origin = origin
  }

  /** Answers `navigator.credentials.create`. */
  create(
    options: { readonly challenge: string; readonly user?: { readonly id: string } },
    bad: Misbehaviour = {},
  ) {
    this.userHandle = options.user?.id ?? ''
    const { x = '', y = '' } = this.#pair.publicKey.export({ format: 'jwk' })
    const cose = cbor(
      new Map<number, unknown>([
        [1, 2],
        [3, -7],
        [-1, 1],
        [-2, Buffer.from(x, 'base64url')],
        [-3, Buffer.from(y, 'base64url')],
      ]),
    )
    const length = Buffer.from([0, this.id.length])
    const attested = Buffer.concat([Buffer.alloc(16), length, this.id, cose])
    const authData = Buffer.concat([this.#data(0x40, bad), attested])
    const attestationObject = cbor(
      new Map<string, unknown>([
        ['fmt', 'none'],
        ['attStmt', new Map()],
        ['authData', authData],
      ]),
    )
    const clientDataJSON = this.#client('webauthn.create', options.challenge, bad)
    return {
      ...this.#named(),
      response: {
        clientDataJSON: base64url(clientDataJSON),
        attestationObject: base64url(attestationObject),
        transports: ['internal'],
      },
    }
  }

  /** What verifies its answers. */
  get publicKey(): KeyObject {
    return this.#pair.publicKey
  }

  /** Answers `navigator.credentials.get`. */
  get(options: { readonly challenge: string }, bad: Misbehaviour = {}) {
    this.counter += 1
    const authenticatorData = this.#data(0, bad)
    const clientDataJSON = this.#client('webauthn.get', options.challenge, bad)
    const other = (): KeyObject => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
    const key = bad.forged === true ? other() : this.#pair.privateKey
    const signed = Buffer.concat([authenticatorData, sha256(clientDataJSON)])
    return {
      ...this.#named(),
      response: {
        clientDataJSON: base64url(clientDataJSON),
        authenticatorData: base64url(authenticatorData),
        signature: base64url(sign('sha256', signed, key)),
        userHandle: bad.userHandle ?? this.userHandle,
      },
    }
  }

  #named() {
    const id = base64url(this.id)
    return { id, rawId: id, type: 'public-key', clientExtensionResults: {} } as const
  }

  #client(type: string, challenge: string, bad: Misbehaviour): string {
    return JSON.stringify({
      type: bad.type ?? type,
      challenge,
      origin: bad.origin ?? this.#origin,
      crossOrigin: bad.crossOrigin ?? false,
    })
  }

  /** RP id hash, flags (present, verified), counter. */
  #data(more: number, bad: Misbehaviour): Buffer {
    const flags = 0x01 | (bad.userVerified === false ? 0 : 0x04) | more
    const counter = Buffer.alloc(4)
    counter.writeUInt32BE(bad.counter ?? this.counter)
    return Buffer.concat([sha256(bad.rpId ?? 'bailiwick.localhost'), Buffer.from([flags]), counter])
  }
}
