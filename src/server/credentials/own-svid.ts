// Holds our own X.509-SVID as a client of systems: a key in memory, an hour of life, made anew before it ends and whenever roots change.

import { generateKeyPairSync } from 'node:crypto'
import { issueServer, leafValidity } from '../../authority/identity/certificate.ts'
import type { Roots } from '../../authority/identity/roots.ts'
import type { Clock } from '../../std/clock.ts'
import { pem } from '../../std/pem.ts'
import type { Equipment } from '../../gateway/equipment.ts'

const HOUR = 3_600_000

interface Made {
  readonly cert: string
  readonly key: string
  readonly root: string
  /** ms since the epoch. */
  readonly notAfter: number
}

/** The SVID of this gateway, `spiffe://<trust domain>/…/gateway`. The key is never written anywhere. */
export class OwnSvid {
  readonly #roots: Pick<Roots, 'serving'>
  readonly #clock: Clock
  #made: Made | undefined

  constructor(of: { readonly roots: Pick<Roots, 'serving'>; readonly clock: Clock }) {
    this.#roots = of.roots
    this.#clock = of.clock
  }

  /** Certificate with its root, and key, as PEM; with at least half an hour to go. */
  get(): NonNullable<Equipment['tls']> {
    const root = this.#roots.serving
    const now = this.#clock.now()
    let made = this.#made
    if (made === undefined || made.root !== root.pem || now > made.notAfter - HOUR / 2) {
      const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const validity = leafValidity(now, HOUR, root.notAfter)
      const spki = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
      const leaf = issueServer(root.issuer, { role: 'gateway', publicKey: spki }, validity)
      made = {
        cert: pem('CERTIFICATE', leaf) + root.pem,
        key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
        root: root.pem,
        notAfter: validity.notAfter,
      }
      this.#made = made
    }
    return { cert: made.cert, key: made.key }
  }
}
