// Holds the policy versions: which set a person applied, which one is in force, and which came before.

import { digest as digestOf } from '../../std/bytes.ts'
import { uuidv7 } from '../../std/id.ts'
import type { PolicySource, PolicyVersion } from '../../store/rows/policy.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { fault } from './policy-faults.ts'

/** Who applies a set, and on which grounds. */
export interface PolicyWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** Person id of the second administrator. */
  readonly approvedBy?: string
  /** Id of the proposal that was approved. */
  readonly proposal?: string
  /** Id of the version whose text is applied again. */
  readonly rollbackOf?: string
}

/** The policy versions. Whether a set is valid is for the caller to know before it is applied. */
export class Policies {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  #current: Held<PolicyVersion> | undefined
  #outdated = false

  private constructor(ports: AuthorityPorts, current: Held<PolicyVersion> | undefined) {
    this.#ports = ports
    this.#current = current
  }

  /** Reads the version in force. Ids sort by time, so of several that claim it the latest counts; the roll shows the rest. */
  static async load(ports: AuthorityPorts): Promise<Policies> {
    return new Policies(ports, (await ports.store.policies.all({ current: 1 })).at(-1))
  }

  /** The version in force; undefined before the first was applied, and then nothing is permitted. */
  current(): PolicyVersion | undefined {
    return this.#current?.doc
  }

  /** True where the log knows of a later version than the rows do: what they say is in force is not (INV-13). */
  get outdated(): boolean {
    return this.#outdated
  }

  /**
   * Told which version the log's newest word on policies names, before anything is served. A database that does not know it was put
   * back from a backup, or lost it in a crash; then the next set that is applied counts, even the same one.
   */
  heard(version: string): void {
    this.#outdated = this.#current?.doc.id !== version
  }

  /** Every version that was ever applied, oldest first. */
  async history(): Promise<readonly PolicyVersion[]> {
    return (await this.#ports.store.policies.all()).map(({ doc }) => doc)
  }

  /** One version. Throws `policy.version_unknown`. */
  async find(id: string): Promise<PolicyVersion> {
    const held = await this.#ports.store.policies.get(id)
    if (held === undefined) throw fault('policy.version_unknown', 'there is no such version')
    return held.doc
  }

  /** Puts a valid set in force. Applying the set that is in force already changes nothing, and is not recorded again. */
  apply(
    set: { readonly digest: string; readonly sources: readonly PolicySource[] },
    word: PolicyWord,
  ): Promise<PolicyVersion> {
    return this.#turns.run(async () => {
      const reason = checkedReason(word.reason)
      const before = this.#current
      if (before !== undefined && before.doc.digest === set.digest && !this.#outdated) {
        return before.doc
      }
      const { clock, entropy, audit, store } = this.#ports
      const { person, approvedBy, proposal, rollbackOf } = word
      const doc: PolicyVersion = {
        id: uuidv7(clock, entropy),
        digest: set.digest,
        sources: set.sources,
        person,
        reason,
        ...(approvedBy !== undefined && { approvedBy }),
        ...(before !== undefined && { parent: before.doc.id }),
        ...(rollbackOf !== undefined && { rollbackOf }),
        appliedAt: clock.now(),
        current: true,
      }
      const files = set.sources.map(({ file, text }) => ({ file, digest: digestOf(text) }))
      const receipt = await audit.append({
        type: 'policy.applied',
        phase: 'admin',
        person,
        body: {
          version: doc.id,
          digest: doc.digest,
          reason,
          ...(before === undefined ? {} : { before: before.doc.digest }),
          ...(approvedBy !== undefined && { approved_by: approvedBy }),
          ...(proposal !== undefined && { proposal }),
          ...(rollbackOf !== undefined && { rollback_of: rollbackOf }),
          files,
        },
      })
      this.#current = await store.atomically(async ({ policies }) => {
        if (before !== undefined) {
          await policies.replace(before, { ...before.doc, current: false }, receipt)
        }
        return policies.insert(doc, receipt)
      })
      this.#outdated = false
      return doc
    })
  }
}
