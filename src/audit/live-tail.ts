// Holds the live tail: durable records for whoever watches, outside the way of a call and bounded.

import type { AuditRecord } from '../wire/record.ts'

/** A record that is durable; its index is not known yet. */
export interface DurableRecord {
  readonly leaf: string
  readonly record: AuditRecord
}

/** Gets records in their order. `missed` counts those dropped since the last time, because it took too long. */
export type LiveListener = (records: readonly DurableRecord[], missed: number) => void

/** Records that one listener may have waiting. */
const QUEUE_MAX = 4096

interface Subscription {
  readonly listener: LiveListener
  queue: DurableRecord[]
  missed: number
}

/** Passes records on at the end of the loop's turn. A listener that throws is let go. */
export class LiveTail {
  readonly #subscriptions = new Set<Subscription>()
  #scheduled = false

  /** Subscribes; the answer ends the subscription. */
  subscribe(listener: LiveListener): () => void {
    const subscription: Subscription = { listener, queue: [], missed: 0 }
    this.#subscriptions.add(subscription)
    return () => void this.#subscriptions.delete(subscription)
  }

  /** Takes one record in; costs nothing where nobody listens. */
  push(record: DurableRecord): void {
    if (this.#subscriptions.size === 0) return
    for (const subscription of this.#subscriptions) {
      if (subscription.queue.length < QUEUE_MAX) subscription.queue.push(record)
      else subscription.missed += 1
    }
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => this.#deliver())
  }

  #deliver(): void {
    this.#scheduled = false
    for (const subscription of this.#subscriptions) {
      const { queue, missed, listener } = subscription
      subscription.queue = []
      subscription.missed = 0
      try {
        listener(queue, missed)
      } catch {
        this.#subscriptions.delete(subscription)
      }
    }
  }
}
