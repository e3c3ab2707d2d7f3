// Holds values that are kept in a vault: KV version 2 asked for anew after seconds, dynamic ones kept for most of their lease.

import type { Clock } from '../../std/clock.ts'
import { parseReference } from '../../wire/credential-reference.ts'
import { credentialFault } from './faults.ts'
import type { Asked, CredentialSource, Opened } from './source.ts'
import { unlessAborted } from './token-cache.ts'
import type { VaultAnswer, VaultClient } from './vault-client.ts'

/** How long a static value is used before it is asked for again (ms): a rotation in the vault takes hold within it. */
const STATIC_MS = 30_000
/** Paths that are kept. */
const MOST = 1_000
/** Reads under way. */
const MOST_FLIGHTS = 256

interface Kept {
  readonly answer: VaultAnswer
  /** Counts reads: the id of a lease is no secret, but nobody needs it. */
  readonly serial: number
  /** Monotonic ms. */
  readonly until: number
}

/** OpenBao, or HashiCorp Vault. A value that cannot be had any more is not used: an answer that is too old is none. */
export class VaultSource implements CredentialSource {
  readonly #client: Pick<VaultClient, 'read' | 'revoke' | 'close'>
  readonly #clock: Clock
  readonly #kept = new Map<string, Kept>()
  readonly #flights = new Map<string, Promise<Kept>>()
  #serial = 0

  constructor(client: Pick<VaultClient, 'read' | 'revoke' | 'close'>, clock: Clock) {
    this.#client = client
    this.#clock = clock
  }

  async open({ system, held, perCall, signal }: Asked): Promise<Opened> {
    const reference = parseReference(held.reference ?? '')
    if (reference === undefined) {
      throw credentialFault('credential.source', 'this is no reference to a vault')
    }
    const { path, field } = reference
    // Two systems never share a lease: each has an account of its own at what is behind the vault.
    const kept = await unlessAborted(
      perCall ? this.#fresh(path) : this.#get(`${system}\n${path}`, path),
      signal,
    )
    const value = Object.hasOwn(kept.answer.data, field) ? kept.answer.data[field] : undefined
    const { version, lease } = kept.answer
    if (perCall && lease !== undefined && typeof value !== 'string')
      void this.#client.revoke(lease.id)
    if (typeof value !== 'string') {
      throw credentialFault('credential.source', `what is kept at ${path} has no text \`${field}\``)
    }
    const id = `vault:${path}#${field}@${version === undefined ? `l${kept.serial}` : `v${version}`}`
    if (!perCall || lease === undefined) return { value, id }
    return {
      value,
      id,
      conclude: async () => {
        await this.#client.revoke(lease.id)
      },
    }
  }

  async close(): Promise<void> {
    const leases = [...this.#kept.values()].flatMap(({ answer }) => answer.lease ?? [])
    this.#kept.clear()
    await Promise.all(leases.map(({ id }) => this.#client.revoke(id)))
    await this.#client.close()
  }

  async #get(key: string, path: string): Promise<Kept> {
    const kept = this.#kept.get(key)
    if (kept !== undefined && this.#clock.monotonic() < kept.until) return kept
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      if (this.#flights.size >= MOST_FLIGHTS) {
        throw credentialFault('credential.busy', 'too many values are being asked for at once')
      }
      flight = this.#fresh(path)
        .then((fresh) => this.#keep(key, fresh))
        .finally(() => this.#flights.delete(key))
      this.#flights.set(key, flight)
    }
    return flight
  }

  async #fresh(path: string): Promise<Kept> {
    const answer = await this.#client.read(path)
    const life = answer.lease === undefined ? STATIC_MS : (answer.lease.lifeMs * 2) / 3
    return { answer, serial: ++this.#serial, until: this.#clock.monotonic() + life }
  }

  #keep(key: string, kept: Kept): Kept {
    this.#kept.delete(key)
    for (const old of this.#kept.keys()) {
      if (this.#kept.size < MOST) break
      this.#kept.delete(old)
    }
    this.#kept.set(key, kept)
    return kept
  }
}
