// Holds the rotation of the keys that values are sealed under: a new key at once, everything wrapped anew behind it, the old one destroyed.

import { faults } from '../../std/fault.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Rows that are sealed in envelopes. */
export interface Wrapped {
  /** Wraps anew whatever is not under the key in force; answers how many. Whoever runs it again goes on. */
  rewrap(): Promise<number>
  /** True while a row is wrapped under a key. Reads the rows, not the memory. */
  usesKey(keyId: string): Promise<boolean>
}

/** How far it is. */
export interface KeyRotationState {
  /** Id of the key that seals. */
  readonly current: string
  /** Ids of keys that only open, until nothing is under them. */
  readonly retired: readonly string[]
  readonly running: boolean
}

/**
 * The rotation. A crash at any point leaves every key that a row needs: the new key is durable before anything is sealed under it,
 * and an old one goes when the rows, read again, name it no more. What was interrupted goes on at the next start.
 */
export class KeyRotation {
  readonly #ports: Pick<AuthorityPorts, 'keys' | 'audit'>
  readonly #wrapped: Wrapped[] = []
  #running: Promise<void> | undefined

  constructor(ports: Pick<AuthorityPorts, 'keys' | 'audit'>) {
    this.#ports = ports
  }

  /** Adds a table whose rows are envelopes. */
  add(wrapped: Wrapped): void {
    this.#wrapped.push(wrapped)
  }

  get state(): KeyRotationState {
    const { current, retired } = this.#ports.keys.envelopes
    return { current, retired, running: this.#running !== undefined }
  }

  /** Makes another key the one that seals. Throws `secret.rotating` while an earlier rotation is under way. */
  async rotate(of: { readonly person: string; readonly reason: string }): Promise<string> {
    const reason = checkedReason(of.reason)
    const { keys, audit } = this.#ports
    if (this.#running !== undefined || keys.envelopes.retired.length > 0) {
      throw fault('secret.rotating', 'an earlier rotation is still under way')
    }
    await audit.append({
      type: 'credential.keys_rotating',
      phase: 'admin',
      person: of.person,
      body: { from: keys.envelopes.current, reason },
    })
    return keys.envelopes.rotate()
  }

  /**
   * Wraps everything under the key in force and destroys the others; what was sealed before there were envelopes gets one. Resolves
   * when it is done; one at a time. Rejects where a value cannot be opened: no key is destroyed then.
   */
  finish(): Promise<void> {
    this.#running ??= this.#finish().finally(() => (this.#running = undefined))
    return this.#running
  }

  async #finish(): Promise<void> {
    const { keys, audit } = this.#ports
    const { retired, current } = keys.envelopes
    let count = 0
    for (const table of this.#wrapped) count += await table.rewrap()
    for (const key of retired) {
      for (const table of this.#wrapped) {
        // Something was sealed under it while this ran: the next look finds it.
        if (await table.usesKey(key)) return
      }
      await audit.append({
        type: 'credential.keys_rotated',
        phase: 'lifecycle',
        body: { from: key, to: current, count },
      })
      await keys.envelopes.destroy(key)
    }
  }
}
