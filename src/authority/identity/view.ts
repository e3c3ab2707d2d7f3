// Holds the live identities in memory: which certificate stands for which instance, and until when.

import type { InstanceRow } from '../../store/rows/instance.ts'
import type { Composition } from '../../wire/actor.ts'

/** A certificate whose issuance is recorded. */
export interface LiveCertificate {
  /** SHA-256 of the DER, hex, lower case. */
  readonly fingerprint: string
  readonly instance: LiveInstance
  /** ms since the epoch. */
  readonly notBefore: number
  readonly notAfter: number
  /** Fingerprint of the root that signed it; absent: the first root. */
  readonly root?: string
  /** SHA-256 of its SubjectPublicKeyInfo, hex. */
  readonly key: string
  /** Its SubjectPublicKeyInfo, DER; absent for certificates from before it was kept. */
  readonly spki?: Uint8Array
}

/** A running copy of an agent. */
export interface LiveInstance {
  readonly id: string
  readonly agent: string
  readonly spiffeId: string
  /** Delegation id; absent for agents that act unattended. */
  readonly delegation?: string
  readonly createdAt: number
  readonly lifeEnds: number
  /** What vouched for it; absent in older rows: a join token. */
  readonly attested?: NonNullable<InstanceRow['attested']>
  readonly composition?: Composition
  /** Id of the instance that the same workload was before. */
  readonly replaces?: string
  /** Its certificates by fingerprint; none for one that is known by tokens alone. */
  readonly certificates: Map<string, LiveCertificate>
}

/**
 * The view that answers on the hot path. It only ever holds what is recorded and stored; taking away happens here first,
 * before it is written, so that a revocation never waits for a disk.
 */
export class LiveView {
  readonly #instances = new Map<string, LiveInstance>()
  readonly #certificates = new Map<string, LiveCertificate>()
  readonly #keys = new Set<string>()
  /** Certificates by the second in which they end: at most as many seconds as a certificate lives. */
  readonly #ends = new Map<number, Set<LiveCertificate>>()

  /** Instances without a key of their own, by the second in which their life ends. */
  readonly #lives = new Map<number, Set<LiveInstance>>()

  /** Adds an instance; its certificates follow by `certify`. */
  add(instance: Omit<LiveInstance, 'certificates'>): LiveInstance {
    const live = { ...instance, certificates: new Map<string, LiveCertificate>() }
    this.#instances.set(live.id, live)
    if (isKeyless(live)) {
      const second = Math.ceil(live.lifeEnds / 1000)
      const ending = this.#lives.get(second)
      if (ending === undefined) this.#lives.set(second, new Set([live]))
      else ending.add(live)
    }
    return live
  }

  /** Adds a certificate; false when the instance is no longer live, and then nothing is added. */
  certify(certificate: LiveCertificate): boolean {
    if (this.#instances.get(certificate.instance.id) !== certificate.instance) return false
    certificate.instance.certificates.set(certificate.fingerprint, certificate)
    this.#certificates.set(certificate.fingerprint, certificate)
    this.#keys.add(certificate.key)
    const second = Math.floor(certificate.notAfter / 1000)
    const ending = this.#ends.get(second)
    if (ending === undefined) this.#ends.set(second, new Set([certificate]))
    else ending.add(certificate)
    return true
  }

  instance(id: string): LiveInstance | undefined {
    return this.#instances.get(id)
  }

  certificate(fingerprint: string): LiveCertificate | undefined {
    return this.#certificates.get(fingerprint)
  }

  /** True when a live certificate has this key already. */
  hasKey(key: string): boolean {
    return this.#keys.has(key)
  }

  instances(): LiveInstance[] {
    return [...this.#instances.values()]
  }

  /** Takes an instance away with all its certificates; undefined when it is not here. */
  remove(id: string): LiveInstance | undefined {
    const instance = this.#instances.get(id)
    if (instance === undefined) return undefined
    this.#instances.delete(id)
    for (const certificate of instance.certificates.values()) this.#forget(certificate)
    if (isKeyless(instance)) {
      const second = Math.ceil(instance.lifeEnds / 1000)
      const ending = this.#lives.get(second)
      ending?.delete(instance)
      if (ending?.size === 0) this.#lives.delete(second)
    }
    return instance
  }

  /** Takes away what has ended by `now`, and answers the instances that have no certificate left. */
  expire(now: number): LiveInstance[] {
    const gone: LiveInstance[] = []
    for (const [second, ending] of this.#ends) {
      if (second * 1000 > now) continue
      for (const certificate of ending) {
        this.#forget(certificate)
        const { instance } = certificate
        if (instance.certificates.size === 0 && this.#instances.delete(instance.id)) {
          gone.push(instance)
        }
      }
    }
    for (const [second, ending] of this.#lives) {
      if (second * 1000 > now) continue
      for (const instance of ending) gone.push(this.remove(instance.id) ?? instance)
    }
    return gone
  }

  /** Takes away the certificate of an instance that ends first. */
  dropOldest(instance: LiveInstance): void {
    const [oldest] = [...instance.certificates.values()].sort((a, b) => a.notAfter - b.notAfter)
    if (oldest !== undefined) this.#forget(oldest)
  }

  #forget(certificate: LiveCertificate): void {
    certificate.instance.certificates.delete(certificate.fingerprint)
    this.#certificates.delete(certificate.fingerprint)
    this.#keys.delete(certificate.key)
    const second = Math.floor(certificate.notAfter / 1000)
    const ending = this.#ends.get(second)
    ending?.delete(certificate)
    if (ending?.size === 0) this.#ends.delete(second)
  }
}

/** True for an instance that is known by tokens alone: no certificate keeps it alive, and none is waited for. */
export function isKeyless(instance: Pick<LiveInstance, 'attested'>): boolean {
  const attestor = instance.attested?.attestor
  return attestor === 'consent' || attestor === 'delegation'
}
