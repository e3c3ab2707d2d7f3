// Holds which records of one run have a term: a list of 16-bit places while they are few, a bitmap from there on. Never more than 1 KiB.

/** Records of one run; also the bits of one bitmap. */
export const RUN = 8_192

/** Bytes of a bitmap. A list of places is always shorter, so the length alone tells which of the two it is. */
const BITMAP_BYTES = RUN / 8
const PLACE_BYTES = 2

/** The stored form of places within a run, 0 to 8,191, each once and in any order. */
export function encodePlaces(places: readonly number[]): Uint8Array {
  if (places.length * PLACE_BYTES < BITMAP_BYTES) {
    const bytes = new Uint8Array(places.length * PLACE_BYTES)
    places.forEach((place, i) => {
      bytes[2 * i] = place & 0xff
      bytes[2 * i + 1] = place >> 8
    })
    return bytes
  }
  const bits = new Uint8Array(BITMAP_BYTES)
  for (const place of places) mark(bits, place)
  return bits
}

/** Those places as a bitmap. Of bytes that nobody here wrote, what makes no sense is left out: the record decides. */
export function decodePlaces(bytes: Uint8Array): Uint8Array {
  if (bytes.length === BITMAP_BYTES) return bytes
  const bits = new Uint8Array(BITMAP_BYTES)
  for (let i = 0; i + 1 < bytes.length; i += PLACE_BYTES) {
    const place = (bytes[i] ?? 0) + ((bytes[i + 1] ?? 0) << 8)
    if (place < RUN) mark(bits, place)
  }
  return bits
}

/** Places that are in all of these bitmaps, in the order asked for; all places for no bitmaps. */
export function commonPlaces(bitmaps: readonly Uint8Array[], newest: boolean): number[] {
  const places: number[] = []
  for (let byte = 0; byte < BITMAP_BYTES; byte++) {
    let common = 0xff
    for (const bits of bitmaps) common &= bits[byte] ?? 0
    for (let bit = 0; common !== 0; bit++, common >>= 1) {
      if ((common & 1) === 1) places.push(8 * byte + bit)
    }
  }
  return newest ? places.toReversed() : places
}

function mark(bits: Uint8Array, place: number): void {
  bits[place >> 3] = (bits[place >> 3] ?? 0) | (1 << (place & 7))
}
