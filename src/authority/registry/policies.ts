// Holds the policy versions: which set a person applied, and which one is in force.

import { digest as digestOf } from '../../std/bytes.ts'
import { uuidv7 } from '../../std/id.ts'
import type { PolicySource, PolicyVersion } from '../../store/rows/policy.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'

/** The policy versions. Whether a set is valid is for the caller to know before it is applied. */
export class Policies {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  #current: Held<PolicyVersion> | undefined

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

  /** Every version that was ever applied, oldest first. */
  async history(): Promise<readonly PolicyVersion[]> {
    return (await this.#ports.store.policies.all()).map(({ doc }) => doc)
  }

  /** Puts a valid set in force. Applying the set that is in force already changes nothing, and is not recorded again. */
  apply(
    set: { readonly digest: string; readonly sources: readonly PolicySource[] },
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<PolicyVersion> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const before = this.#current
      if (before !== undefined && before.doc.digest === set.digest) return before.doc
      const { clock, entropy, audit, store } = this.#ports
      const doc: PolicyVersion = {
        id: uuidv7(clock, entropy),
        digest: set.digest,
        sources: set.sources,
        person,
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
          reason: why,
          ...(before === undefined ? {} : { before: before.doc.digest }),
          files,
        },
      })
      this.#current = await store.atomically(async ({ policies }) => {
        if (before !== undefined) {
          await policies.replace(before, { ...before.doc, current: false }, receipt)
        }
        return policies.insert(doc, receipt)
      })
      return doc
    })
  }
}
