// Holds the four-eyes rule itself, as people have set it: for changes of who governs, and for policies.

import type { GovernanceRule, GovernanceWord, RuleWord } from '../../store/rows/governance.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'

type Ports = Pick<AuthorityPorts, 'audit' | 'store'>

/** Where nobody has set it: changes of who governs need two wherever there are two; policies do where the environment says so. */
const DEFAULT = { changes: 'on', policies: 'off' } as const

/** The rule. Whether two are there to agree is not its question. */
export class Rule {
  readonly #ports: Ports
  #held: Held<GovernanceRule> | undefined

  private constructor(ports: Ports, held: Held<GovernanceRule> | undefined) {
    this.#ports = ports
    this.#held = held
  }

  static async load(ports: Ports): Promise<Rule> {
    return new Rule(ports, await ports.store.governanceRule.get('rule'))
  }

  get now(): { readonly changes: RuleWord; readonly policies: RuleWord } {
    return this.#held?.doc ?? DEFAULT
  }

  /** Who set it last; undefined where nobody has. */
  get setBy(): GovernanceWord | undefined {
    return this.#held?.doc.set
  }

  /** Sets it. Whether that was agreed to is governance's to know. */
  async set(
    { changes, policies }: { readonly changes: RuleWord; readonly policies: RuleWord },
    word: GovernanceWord,
  ): Promise<void> {
    if (this.now.changes === changes && this.now.policies === policies) return
    const { audit, store } = this.#ports
    const { person, reason } = word
    const receipt = await audit.append({
      type: 'governance.rule_set',
      phase: 'admin',
      person,
      body: { changes, policies, reason },
    })
    const doc: GovernanceRule = { id: 'rule', changes, policies, set: word }
    this.#held =
      this.#held === undefined
        ? await store.governanceRule.insert(doc, receipt)
        : await store.governanceRule.replace(this.#held, doc, receipt)
  }
}
