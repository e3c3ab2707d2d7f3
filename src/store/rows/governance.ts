// Holds the rows of governance: changes of who governs, the rule that they are under, and who has seen them.

import type { TableShape } from '../table.ts'
import type { TrustSource } from './trust-source.ts'

/** What a change does. People are ids, roles and members are sorted. `before` is what stood when it was proposed. */
export type Governed =
  | {
      readonly kind: 'person-create'
      /** The id that the person will have. */
      readonly person: string
      /** Empty once the change has ended: names are personal data. */
      readonly name: string
      readonly roles: readonly string[]
      /** Ed25519, SubjectPublicKeyInfo in DER, base64url. */
      readonly publicKey: string
    }
  | {
      readonly kind: 'person-roles'
      readonly person: string
      readonly roles: readonly string[]
      readonly before: readonly string[]
    }
  | { readonly kind: 'person-leave'; readonly person: string }
  | { readonly kind: 'person-key'; readonly person: string; readonly publicKey: string }
  | {
      readonly kind: 'person-key-remove'
      readonly person: string
      readonly key: string
      readonly passkey: boolean
    }
  | { readonly kind: 'team-create'; readonly team: string; readonly members: readonly string[] }
  | {
      readonly kind: 'team-change'
      readonly team: string
      readonly members: readonly string[]
      readonly before: readonly string[]
    }
  | { readonly kind: 'trust-add'; readonly source: TrustSource }
  | { readonly kind: 'trust-remove'; readonly name: string }
  | { readonly kind: 'rule'; readonly changes: RuleWord; readonly policies: RuleWord }
  /** Keys that everything here stands on were changed: `rotate` and `rekey` of roots, `tokens` for the key of tokens. */
  | { readonly kind: 'keys'; readonly act: 'rotate' | 'rekey' | 'tokens' }
  /** What a gateway of its own may carry out was changed, or who it is: it is handed the credentials of its systems, null: of every one. */
  | {
      readonly kind: 'gateway'
      readonly act: 'add' | 'invite' | 'change' | 'remove'
      readonly gateway: string
      readonly systems: readonly string[] | null
    }

/** Kinds that are told of alone: they are done, and on record, before. */
export type Announced = 'keys' | 'gateway'

/** Whether two administrators have to agree. */
export type RuleWord = 'on' | 'off'

/** `open` waits for a second word, `agreed` has both and is being brought about; every other state is final. */
export type GovernanceState =
  'open' | 'agreed' | 'applied' | 'refused' | 'withdrawn' | 'expired' | 'failed'

/** On what it took effect: two administrators; one who is alone; the rule that was off; because it only takes away; or because it cannot wait. */
export type GovernanceHow = 'two' | 'alone' | 'rule-off' | 'narrows' | 'urgent'

/** What somebody said of a change. */
export interface GovernanceWord {
  /** Person id; empty where time, or Bailiwick itself, ended it. */
  readonly person: string
  readonly reason: string
  /** ms since the epoch. */
  readonly at: number
}

/** A change of who governs: one that waits, or one that is over. */
export interface GovernanceChange {
  /** UUIDv7. */
  readonly id: string
  readonly what: Governed
  readonly proposed: GovernanceWord
  /** Person ids of who administered when it was proposed, or would have by signing in, sorted: nobody else can be the second. */
  readonly able: readonly string[]
  /** From when who proposed it, being alone, may say it again (ms since the epoch); null: another administrator has to agree. */
  readonly from: number | null
  /** ms since the epoch; from then on nobody can agree to it. */
  readonly expiresAt: number
  readonly state: GovernanceState
  readonly how?: GovernanceHow
  /** The second word. */
  readonly agreed?: GovernanceWord
  /** How it ended. */
  readonly ended?: GovernanceWord
}

/** Table `governance`. Those that are not over are on the roll, so that one that was refused cannot be opened again by hand. */
export const GOVERNANCE: TableShape<GovernanceChange> = {
  table: 'governance',
  id: (change) => change.id,
  columns: (change) => ({ state: change.state, created_at: change.proposed.at }),
  roll: { column: 'state', values: ['open', 'agreed'] },
}

/** The rule as people have set it. */
export interface GovernanceRule {
  readonly id: 'rule'
  /** Changes of who governs. */
  readonly changes: RuleWord
  /** Policies; the environment can ask for it as well. */
  readonly policies: RuleWord
  readonly set: GovernanceWord
}

/** Table `governance_rule`: one row, or none where nobody has set it. */
export const GOVERNANCE_RULE: TableShape<GovernanceRule> = {
  table: 'governance_rule',
  id: (rule) => rule.id,
  columns: () => ({}),
  roll: 'all',
}

/** Up to when a person has seen changes. */
export interface GovernanceSeen {
  readonly person: string
  /** ms since the epoch. */
  readonly until: number
}

/** Table `governance_seen`. */
export const GOVERNANCE_SEEN: TableShape<GovernanceSeen> = {
  table: 'governance_seen',
  id: (seen) => seen.person,
  columns: () => ({}),
}
