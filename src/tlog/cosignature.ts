// Holds cosignatures: what a witness says about a checkpoint, and when it saw it (C2SP tlog-cosignature, cosignature/v1).

import { utf8 } from '../std/bytes.ts'
import { ed25519Check } from './ed25519.ts'
import { fault } from './faults.ts'
import { isKeyName, noteKeyId, type NoteSigner, type NoteVerifier, type Vkey } from './note.ts'

/** Signature type of a timestamped Ed25519 cosignature. */
export const COSIGNATURE_V1 = 0x04

const TIME_BYTES = 8
const SIGNATURE_BYTES = 64

/** Seconds since the epoch at which a witness signed; undefined for what has not the length of a cosignature. */
export function cosignatureTime(signature: Uint8Array): number | undefined {
  if (signature.length !== TIME_BYTES + SIGNATURE_BYTES) return undefined
  const time = Buffer.from(signature).readBigUInt64BE(0)
  return time > BigInt(Number.MAX_SAFE_INTEGER) ? undefined : Number(time)
}

/** Verifier of a witness's key. Throws `tlog.vkey` for a key of another type. */
export function cosignatureVerifier(vkey: Vkey): NoteVerifier {
  if (vkey.type !== COSIGNATURE_V1) {
    throw fault('tlog.vkey', `a witness's key is of type ${COSIGNATURE_V1}, not ${vkey.type}`)
  }
  const check = ed25519Check(vkey.publicKey)
  return {
    name: vkey.name,
    keyId: vkey.keyId,
    verify(body, signature) {
      const time = cosignatureTime(signature)
      return time !== undefined && check(signed(body, time), signature.subarray(TIME_BYTES))
    },
  }
}

/**
 * A witness's signer. `sign` gets what cosignature/v1 signs, `now` gives seconds since the epoch. Throws `tlog.vkey` for a name that
 * notes cannot carry.
 */
export function cosigner(
  name: string,
  publicKeyRaw: Uint8Array,
  sign: (data: Uint8Array) => Uint8Array,
  now: () => number,
): NoteSigner {
  if (!isKeyName(name)) throw fault('tlog.vkey', 'a key name has no spaces and no plus sign')
  return {
    name,
    keyId: noteKeyId(name, COSIGNATURE_V1, publicKeyRaw),
    sign(body) {
      const time = Math.floor(now())
      const stamp = Buffer.alloc(TIME_BYTES)
      stamp.writeBigUInt64BE(BigInt(time))
      return Buffer.concat([stamp, sign(signed(body, time))])
    },
  }
}

/** `cosignature/v1`, the time, and the whole body of the note. */
function signed(body: Uint8Array, time: number): Uint8Array {
  return Buffer.concat([utf8(`cosignature/v1\ntime ${time}\n`), body])
}
