// Holds instances that tests start and end by hand, for those who only ask whether one is live.

import type { InstancePort } from '../../src/authority/delegation/delegations.ts'

/** Live instances by id. */
export class FakeInstances implements InstancePort {
  readonly held = new Map<string, { readonly agent: string }>()
  readonly #listeners = new Set<(instance: string) => void>()

  live(id: string): { readonly agent: string } | undefined {
    return this.held.get(id)
  }

  onGone(listener: (instance: string) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Ends one, as revoking it does. */
  end(id: string): void {
    this.held.delete(id)
    for (const listener of this.#listeners) listener(id)
  }
}
