// Holds the proposals: policy sets that wait for a second administrator, and how each of them ends.

import { uuidv7 } from '../../std/id.ts'
import type { PolicySource } from '../../store/rows/policy.ts'
import type { Proposal, ProposalState } from '../../store/rows/proposal.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { fault } from './policy-faults.ts'

/** How long a proposal waits (ms), and how many wait at once. */
const WAITS_MS = 7 * 86_400_000
const MOST_OPEN = 16

/** Who says something of a proposal, and why. */
export interface ProposalWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
}

/** The open proposals, in memory; those that ended are rows alone. */
export class Proposals {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #open = new Map<string, Held<Proposal>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  static async load(ports: AuthorityPorts): Promise<Proposals> {
    const proposals = new Proposals(ports)
    for (const held of await ports.store.proposals.all({ state: 'open' })) {
      proposals.#open.set(held.doc.id, held)
    }
    return proposals
  }

  /** Those that wait now, oldest first. */
  list(): readonly Proposal[] {
    const now = this.#ports.clock.now()
    return [...this.#open.values()]
      .map(({ doc }) => doc)
      .filter(({ expiresAt }) => now < expiresAt)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
  }

  /** An open one. Throws `policy.proposal_unknown`. */
  find(id: string): Proposal {
    return this.#waiting(id).doc
  }

  /** Proposes a valid set. Throws `policy.proposals` where too many wait. */
  propose(
    set: { readonly digest: string; readonly sources: readonly PolicySource[] },
    { person, reason }: ProposalWord,
  ): Promise<Proposal> {
    return this.#turns.run(async () => {
      const { clock, entropy, audit, store } = this.#ports
      if (this.list().length >= MOST_OPEN) {
        throw fault('policy.proposals', `${MOST_OPEN} proposals wait already`)
      }
      const createdAt = clock.now()
      const doc: Proposal = {
        id: uuidv7(clock, entropy),
        digest: set.digest,
        sources: set.sources,
        person,
        reason: checkedReason(reason),
        createdAt,
        expiresAt: createdAt + WAITS_MS,
        state: 'open',
      }
      const receipt = await audit.append({
        type: 'policy.proposed',
        phase: 'admin',
        person,
        body: { proposal: doc.id, digest: doc.digest, reason: doc.reason },
      })
      this.#open.set(doc.id, await store.proposals.insert(doc, receipt))
      return doc
    })
  }

  /**
   * Approves one, and answers it with its sources: it can be used this once. Throws `policy.proposal_own` for who proposed it. A
   * crash from here on leaves it approved and not in force: it is proposed anew.
   */
  approve(id: string, { person, reason }: ProposalWord): Promise<Proposal> {
    return this.#turns.run(async () => {
      const held = this.#waiting(id)
      if (held.doc.person === person) {
        throw fault('policy.proposal_own', 'who proposed it does not approve it')
      }
      await this.#end(held, 'approved', checkedReason(reason), person)
      return held.doc
    })
  }

  /** Ends one that is not wanted; whoever proposed it may too. */
  reject(id: string, { person, reason }: ProposalWord): Promise<void> {
    return this.#turns.run(() =>
      this.#end(this.#waiting(id), 'rejected', checkedReason(reason), person),
    )
  }

  /** Writes which have ended by themselves. They could not be approved before either. */
  async sweep(): Promise<void> {
    const now = this.#ports.clock.now()
    if (![...this.#open.values()].some(({ doc }) => doc.expiresAt <= now)) return
    await this.#turns.run(async () => {
      for (const held of this.#open.values()) {
        if (held.doc.expiresAt <= now) await this.#end(held, 'expired', 'nobody answered in time')
      }
    })
  }

  #waiting(id: string): Held<Proposal> {
    const held = this.#open.get(id)
    if (held === undefined) throw fault('policy.proposal_unknown', 'no such proposal waits')
    if (held.doc.expiresAt <= this.#ports.clock.now()) {
      throw fault('policy.proposal_ended', 'the proposal has expired')
    }
    return held
  }

  async #end(
    held: Held<Proposal>,
    state: Exclude<ProposalState, 'open'>,
    reason: string,
    by?: string,
  ): Promise<void> {
    const { audit, clock, store } = this.#ports
    const { id, digest, person } = held.doc
    const receipt = await audit.append({
      type: `policy.proposal_${state}`,
      phase: by === undefined ? 'lifecycle' : 'admin',
      ...(by !== undefined && { person: by }),
      body: { proposal: id, digest, proposed_by: person, reason },
    })
    const ended = { ...(by !== undefined && { by }), reason, at: clock.now() }
    await store.proposals.replace(held, { ...held.doc, sources: [], state, ended }, receipt)
    this.#open.delete(id)
  }
}
