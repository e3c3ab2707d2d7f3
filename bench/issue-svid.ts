// Holds the bench of issuing X509-SVIDs: certificates signed in a second on one core, key generation excluded, and the curve beside it.

import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  issuer,
  issueSvid as issueLeaf,
  leafValidity,
} from '../src/authority/identity/certificate.ts'
import { openKeyRing } from '../src/keys/file.ts'
import { systemClock } from '../src/std/clock.ts'
import { systemEntropy } from '../src/std/entropy.ts'
import { uuidv7 } from '../src/std/id.ts'
import { curve } from './issue-svid-curve.ts'

const ROUNDS = 5
const ROUND_MS = 1_000

/** Issues for five rounds of a second with the key that a home has, and answers the median; then the curve. */
export async function issueSvid(): Promise<Record<string, number>> {
  const home = mkdtempSync(join(tmpdir(), 'bailiwick-bench-'))
  try {
    const keys = openKeyRing(join(home, 'keys'), { entropy: systemEntropy })
    const by = issuer('bench.test', keys.roots.first!, systemEntropy)
    const holders = Array.from({ length: 64 }, () => {
      const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      return new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
    })
    const round = (): number => {
      const start = systemClock.monotonic()
      let issued = 0
      let elapsed = 0
      for (; elapsed < ROUND_MS; elapsed = systemClock.monotonic() - start) {
        const instance = uuidv7(systemClock, systemEntropy)
        const publicKey = holders[issued % holders.length]!
        const validity = leafValidity(systemClock.now(), 3_600_000)
        issueLeaf(by, { agent: 'bench-agent', instance, publicKey }, validity)
        issued++
      }
      return (issued * 1_000) / elapsed
    }
    round()
    const rates = Array.from({ length: ROUNDS }, round).sort((a, b) => a - b)
    return { per_s: Math.round(rates[(ROUNDS - 1) / 2]!), ...(await curve()) }
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}
