// Holds equipping with a token of our own (RFC 6749 §4.4), by a client secret or by mutual TLS (RFC 8705).

import type { Equipped, Equipping } from './equipping.ts'
import { equipMinted } from './minted.ts'

/** The token of the system, one for all who call it. */
export async function equipClientCredentials(
  of: Equipping<'client_credentials'>,
): Promise<Awaited<Equipped>> {
  const secret = of.auth.secret === undefined ? undefined : await of.open(of.auth.secret)
  const form = () => Promise.resolve({ grant_type: 'client_credentials' })
  return equipMinted(of, secret, { form, whose: '' })
}
