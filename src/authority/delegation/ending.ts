// Holds how delegations end: taken from memory at once with all below, told, then recorded and stored, and tried again if that failed.

import type { Delegation } from '../../store/rows/delegation.ts'
import type { AuthorityPorts } from '../ports.ts'
import type { Turns } from '../turns.ts'
import { delegationBody } from './record.ts'
import type { DelegationTree } from './tree.ts'

/** Why a delegation ended. */
export interface DelegationEnd {
  readonly state: 'revoked' | 'expired'
  /** Person id; empty where Bailiwick itself ended it. */
  readonly by: string
  readonly reason: string
}

/** Ends delegations. What is taken here is gone for every check before the call returns (INV-5). */
export class DelegationEndings {
  readonly #ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'store'>
  readonly #tree: DelegationTree
  readonly #turns: Turns
  readonly #listeners = new Set<(id: string, ended: Delegation) => void>()
  /** Gone from memory and not written yet. Lost in a crash, as if nobody had asked: nobody was told otherwise. */
  readonly #unwritten = new Map<string, DelegationEnd>()

  constructor(
    ports: Pick<AuthorityPorts, 'audit' | 'clock' | 'store'>,
    tree: DelegationTree,
    turns: Turns,
  ) {
    this.#ports = ports
    this.#tree = tree
    this.#turns = turns
  }

  onEnd(listener: (id: string, ended: Delegation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Takes a delegation with all below it, the highest first; empty when it has ended already. `written` makes it durable. */
  take(id: string, end: DelegationEnd): readonly Delegation[] {
    const gone = this.#tree.take(id)
    for (const [at, one] of gone.entries()) {
      this.#unwritten.set(one.id, at === 0 ? end : { ...end, reason: below(end, id) })
    }
    for (const ended of gone) for (const listener of this.#listeners) listener(ended.id, ended)
    return gone
  }

  /** Marks one that is not in memory as to be written: what the store still calls active and nothing holds up. */
  mark(id: string, end: DelegationEnd): void {
    this.#unwritten.set(id, end)
  }

  /** Writes what has been taken and not been written, the highest first. Throws what kept one from being written. */
  written(): Promise<void> {
    return this.#turns.run(async () => {
      for (const [id, end] of this.#unwritten) {
        this.#unwritten.delete(id)
        try {
          await this.#write(id, end)
        } catch (error) {
          // To the end of the queue, so that one that cannot be written never stands in the way of the others.
          this.#unwritten.set(id, end)
          throw error
        }
      }
    })
  }

  async #write(id: string, { state, by, reason }: DelegationEnd): Promise<void> {
    const { audit, clock, store } = this.#ports
    const held = await store.delegations.get(id)
    if (held === undefined || (held.doc.state ?? 'active') !== 'active') return
    const { doc } = held
    const receipt = await audit.append({
      type: state === 'revoked' ? 'delegation.revoked' : 'delegation.expired',
      phase: by === '' ? 'lifecycle' : 'admin',
      ...(by === '' ? {} : { person: by }),
      agent: doc.agent,
      ...(doc.instance === undefined ? {} : { instance: doc.instance }),
      body: { ...delegationBody(doc), reason },
    })
    const revoked = { by, reason, at: clock.now() }
    const ended: Delegation = { ...doc, state, ...(state === 'revoked' && { revoked }) }
    await store.delegations.replace(held, ended, receipt)
  }
}

function below({ state, reason }: DelegationEnd, id: string): string {
  return state === 'expired' ? reason : `the delegation ${id} above it was revoked: ${reason}`
}
