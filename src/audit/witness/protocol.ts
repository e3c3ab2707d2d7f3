// Holds the bodies of the witness protocol (C2SP tlog-witness): what a log sends a witness, and what comes back.

import { fromBase64, toBase64 } from '../../tlog/base64.ts'
import { parseDecimal } from '../../tlog/checkpoint.ts'
import { HASH_BYTES } from '../../tlog/hash.ts'
import { witnessFault } from './faults.ts'

/** Hashes of a consistency proof (tlog-witness §add-checkpoint). */
const HASHES_MAX = 63
/** Characters of a whole request: a proof, and a note with the cosignatures of others. */
export const REQUEST_MAX = 65_536
/** Media type of the size that a conflict is answered with. */
export const SIZE_MEDIA = 'text/x.tlog.size'

/** What a log asks a witness to cosign. */
export interface AddCheckpoint {
  /** The size of which the log thinks that the witness has cosigned it last. */
  readonly old: number
  /** Consistency proof from there. */
  readonly proof: readonly Uint8Array[]
  /** The log's checkpoint, a signed note. */
  readonly checkpoint: string
}

/** Body of `POST add-checkpoint`. */
export function formatAddCheckpoint({ old, proof, checkpoint }: AddCheckpoint): string {
  const hashes = proof.map((hash) => `${toBase64(hash)}\n`).join('')
  return `old ${old}\n${hashes}\n${checkpoint}`
}

/** Reads such a body strictly. Throws `witness.request`. */
export function parseAddCheckpoint(text: string): AddCheckpoint {
  const gap = text.indexOf('\n\n')
  if (gap < 0 || text.length > REQUEST_MAX) throw malformed('it is no add-checkpoint request')
  const [first = '', ...lines] = text.slice(0, gap).split('\n')
  const old = parseDecimal(/^old (.*)$/s.exec(first)?.[1] ?? '')
  if (old === undefined) throw malformed('the first line is not `old` and a size')
  if (lines.length > HASHES_MAX) throw malformed(`a proof has at most ${HASHES_MAX} hashes`)
  const proof = lines.map((line) => {
    const hash = fromBase64(line)
    if (hash?.length !== HASH_BYTES) throw malformed('a line of the proof is not a hash')
    return hash
  })
  return { old, proof, checkpoint: text.slice(gap + 2) }
}

function malformed(detail: string): Error {
  return witnessFault('witness.request', detail)
}
