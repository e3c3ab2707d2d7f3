// Holds whether a server is still what a person pinned: looked at once, and again whenever it says, or may have missed to say, that it changed.

import type { JsonObject } from '../../std/json.ts'
import type { ActionDefinition } from '../../wire/system.ts'
import { gatewayFault } from '../faults.ts'
import type { Speaking } from './speaking.ts'
import type { Described } from './definition.ts'
import { drifted, type Drift } from './drift.ts'

/** What one conversation knows of its server. Owned by it. */
export class Likeness {
  readonly #conversation: Pick<Speaking, 'describe' | 'closed'>
  readonly #compare: (described: Described) => Drift | undefined
  #looking: Promise<Drift | undefined> | undefined
  #drift: { readonly of: Drift | undefined } | undefined

  constructor(
    conversation: Pick<Speaking, 'describe' | 'closed'>,
    compare: (described: Described) => Drift | undefined,
  ) {
    this.#conversation = conversation
    this.#compare = compare
  }

  /** True when what is called is, as this server shows it now, exactly what a person pinned. */
  async stillIs(action: ActionDefinition, input: JsonObject): Promise<boolean> {
    const { of: drift } = this.#drift ?? { of: await this.#look() }
    return !drifted(drift, action.name, input)
  }

  #look(): Promise<Drift | undefined> {
    const looking = (this.#looking ??= this.#conversation.describe().then((described) => {
      const of = this.#compare(described)
      // Something may have changed again while it was listed.
      if (this.#looking === looking) this.#drift = { of }
      return of
    }))
    // What failed once may be tried again.
    looking.catch(() => {
      if (this.#looking === looking) this.forget()
    })
    return looking
  }

  /** Nothing goes out before it was looked at again. */
  forget(): void {
    this.#looking = undefined
    this.#drift = undefined
  }

  /** The server says that something changed: it is looked at now, so that people hear of it also while nobody calls. */
  changed(): void {
    const known = this.#looking !== undefined
    this.forget()
    if (known && !this.#conversation.closed) this.#look().catch(() => undefined)
  }

  /**
   * A session that was opened anew is another, and may be another server's: what goes out is still what was pinned. Throws
   * `resolve.definition_changed` where it is not.
   */
  async afterReopening(
    method: string,
    { name, arguments: _given, ...rest }: JsonObject,
  ): Promise<void> {
    if (method.endsWith('/list')) return
    const drift = await this.#look()
    const changed =
      method === 'tools/call' && typeof name === 'string'
        ? drifted(drift, name)
        : drifted(drift, method, { ...rest, ...(name !== undefined && { name }) })
    if (!changed) return
    const why = 'the system is no longer what was pinned since it ended the session'
    throw gatewayFault('resolve.definition_changed', why)
  }
}
