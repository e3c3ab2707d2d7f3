// Holds the texts by which clients hold what they were given: codes and refresh tokens, which only this home can have made.

import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { isUuid } from '../../std/id.ts'
import type { Sealer } from '../../keys/ring.ts'

/** What a text is. One kind never opens as the other. */
export type HandleKind = 'authorization-code' | 'refresh-token'

/** What stands in it. */
export interface Handle {
  /** Id of the refresh family: of one consent. */
  readonly family: string
  /** Which of the family's refresh tokens; 0 for a code. */
  readonly place: number
}

/**
 * A text for a handle: sealed, and of 96 random bits, so no two are alike and nobody can make up an old one to have it
 * taken for a stolen one.
 */
export function sealHandle(sealer: Sealer, kind: HandleKind, { family, place }: Handle): string {
  return base64url(sealer.seal(utf8(`${family} ${place}`), kind))
}

/** What a text holds; undefined for one that we did not make, or of another kind. */
export function openHandle(sealer: Sealer, kind: HandleKind, text: string): Handle | undefined {
  const sealed = text.length <= 256 ? fromBase64url(text) : undefined
  if (sealed === undefined || base64url(sealed) !== text) return undefined
  try {
    const [family = '', place = ''] = Buffer.from(sealer.open(sealed, kind)).toString().split(' ')
    return isUuid(family) ? { family, place: Number(place) } : undefined
  } catch (error) {
    if (error instanceof Fault) return undefined
    throw error
  }
}
