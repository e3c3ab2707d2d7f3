// Holds what clients without a session said of themselves in `initialize`: which instances open addresses.

import { isObject, type JsonObject } from '../../std/json.ts'
import type { SurfacePorts } from '../ports.ts'

/** Instances that are remembered. */
const LIMIT = 10_000

/** The newest word of each instance. */
export class Remembered {
  readonly #opensUrls = new Set<string>()
  readonly #stop: () => void

  constructor(ports: Pick<SurfacePorts, 'identities'>) {
    this.#stop = ports.identities.onGone((instance) => this.#opensUrls.delete(instance))
  }

  /** Notes what a client of an instance said that it can. */
  note(instance: string, { elicitation }: JsonObject): void {
    const opens = isObject(elicitation) && isObject(elicitation['url'])
    if (opens && this.#opensUrls.size < LIMIT) this.#opensUrls.add(instance)
    else this.#opensUrls.delete(instance)
  }

  /** True where it opens addresses that it is given. */
  opensUrls(instance: string): boolean {
    return this.#opensUrls.has(instance)
  }

  close(): void {
    this.#stop()
  }
}
