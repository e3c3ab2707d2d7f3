// Holds the identity under which a bridge speaks: had when first needed, and had again when it has ended.

import { publicFault, type Fault } from '../../std/fault.ts'
import type { Enrolled, Enrolment } from '../enrolment.ts'

/** One identity at a time; whoever asks meanwhile waits for the same enrolment. */
export class Session {
  readonly #enrolment: Enrolment
  readonly #note: (text: string) => void
  #current: Promise<Enrolled> | undefined
  /** What `#current` resolved to. */
  #enrolled: Enrolled | undefined
  #last: string | undefined
  #closed = false

  constructor(enrolment: Enrolment, note: (text: string) => void) {
    this.#enrolment = enrolment
    this.#note = note
  }

  /** The live identity. Rejects with what kept it from being had; the next to ask tries again. */
  async live(): Promise<Enrolled> {
    if (this.#enrolled?.holder.over !== undefined) this.drop(this.#enrolled)
    return (this.#current ??= this.#enrol())
  }

  /** The gateway no longer knows this identity: the next to ask enrols again. */
  drop(enrolled: Enrolled): void {
    if (this.#enrolled !== enrolled) return
    this.#enrolled = undefined
    this.#current = undefined
    void enrolled.holder.close()
  }

  /** Says goodbye, where there is an identity. Never throws. */
  async close(): Promise<void> {
    this.#closed = true
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return
    try {
      await (await current).holder.close()
    } catch (error) {
      this.#note(`there was no identity to give up: ${publicFault(error).detail}`)
    }
  }

  async #enrol(): Promise<Enrolled> {
    try {
      const enrolled = await this.#enrolment.enrol(this.#last)
      const { instance } = enrolled.holder.identity
      this.#last = instance
      this.#enrolled = enrolled
      if (this.#closed) await enrolled.holder.close()
      this.#note(`instance ${instance} of ${this.#enrolment.agent}`)
      enrolled.holder.onEnded((why: Fault) => {
        if (!this.#closed) this.#note(`identity ended: ${why.detail}`)
      })
      return enrolled
    } catch (error) {
      this.#current = undefined
      const { code, detail, next } = publicFault(error)
      this.#note(`no identity: ${detail} (${code}); next: ${next}`)
      throw error
    }
  }
}
