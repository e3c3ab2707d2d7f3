// Holds the root certificates of a Bailiwick as a stranger gets them.

import { Agent, fetch } from 'undici'
import type { Bailiwick } from './bailiwick.ts'

/** The roots in PEM, from the trust bundle as it is published (SPIFFE Trust Domain and Bundle §4). */
export async function rootsOf(bailiwick: Bailiwick): Promise<string[]> {
  const blind = new Agent({ connect: { rejectUnauthorized: false } })
  const response = await fetch(`${bailiwick.identityUrl}/spiffe/bundle`, { dispatcher: blind })
  const { keys } = (await response.json()) as { keys: { use: string; x5c?: string[] }[] }
  await blind.close()
  return keys
    .filter(({ use }) => use === 'x509-svid')
    .map(({ x5c }) => `-----BEGIN CERTIFICATE-----\n${x5c?.[0]}\n-----END CERTIFICATE-----\n`)
}
