// Holds the authorizer: what the policies of a set say of one question, decided by Cedar's rules.

import type { Frame } from './expression.ts'
import { PolicyIndex } from './index.ts'
import type { CompiledPolicy } from './policy.ts'
import { NotKnown, Trouble } from './trouble.ts'

/** What the policies say. */
export interface Verdict {
  readonly forbids: readonly string[]
  readonly permits: readonly string[]
  readonly errors: readonly { readonly id: string; readonly message: string }[]
}

/** Policies that decide together. */
export class Authorizer {
  readonly #policies: ReadonlyMap<string, CompiledPolicy>
  readonly #index: PolicyIndex

  constructor(policies: readonly CompiledPolicy[]) {
    this.#policies = new Map(policies.map((policy) => [policy.id, policy]))
    this.#index = new PolicyIndex(this.#policies.values())
  }

  /** Satisfied permits and forbids, and those that could not be evaluated. Throws where the context is not wholly known. */
  ask(frame: Frame): Verdict {
    const forbids: string[] = []
    const permits: string[] = []
    const errors: { id: string; message: string }[] = []
    for (const { id, effect, say } of this.#index.inScope(frame)) {
      const said = say(frame)
      if (said === true) (effect === 'forbid' ? forbids : permits).push(id)
      else if (said instanceof Trouble) {
        errors.push({ id, message: said.message })
      } else if (said instanceof NotKnown) throw new Error('a question has no unknown parts')
    }
    return { forbids, permits, errors }
  }

  /**
   * False only if these policies deny whatever the unknown parts of the context are: a forbid that is satisfied, or errs (INV-2),
   * does not hang on them; nor does a permit that is not satisfied.
   */
  mayAllow(frame: Frame, ids: Iterable<string>): boolean {
    let may = false
    for (const id of ids) {
      const policy = this.#policies.get(id)
      if (policy === undefined || !policy.inScope(frame)) continue
      const said = policy.say(frame)
      if (policy.effect === 'permit') may ||= said === true || said instanceof NotKnown
      else if (said === true || said instanceof Trouble) return false
    }
    return may
  }
}
