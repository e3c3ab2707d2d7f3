// Holds the arithmetic of a proof: from an entry to the root of the tree that it is in (RFC 6962 §2.1, RFC 9162 §2.1.3.2).

import { joined, same, sha256, type Bytes } from './bytes.ts'

/** Bytes of every hash. */
export const HASH_BYTES = 32

/** Hash of an entry: what keeps it apart from a node stands in front (RFC 6962 §2.1). */
export function leafHash(entry: Uint8Array): Promise<Bytes> {
  return sha256(joined(Uint8Array.of(0), entry))
}

function nodeHash(left: Uint8Array, right: Uint8Array): Promise<Bytes> {
  return sha256(joined(Uint8Array.of(1), left, right))
}

/** Whether the leaf stands at `index` in the tree of `size` leaves with that root. Sizes reach 2^53-1: no bitwise operators. */
export async function includes(
  of: { readonly index: number; readonly size: number; readonly root: Uint8Array },
  leaf: Uint8Array,
  hashes: readonly Uint8Array[],
): Promise<boolean> {
  const { index, size, root } = of
  if (index >= size) return false
  let [node, last, hash] = [index, size - 1, leaf]
  for (const sibling of hashes) {
    if (last === 0) return false
    if (node % 2 === 1 || node === last) {
      hash = await nodeHash(sibling, hash)
      while (node % 2 === 0 && node !== 0) [node, last] = [node / 2, Math.floor(last / 2)]
    } else {
      hash = await nodeHash(hash, sibling)
    }
    ;[node, last] = [Math.floor(node / 2), Math.floor(last / 2)]
  }
  return last === 0 && same(hash, root)
}
