// Holds the oracle: what the Cedar library answers.

import { withCedar } from '../../src/policy/library.ts'
import type { SamplePolicies } from './policy.ts'
import type { SampleRequest, World } from './world.ts'

/** An answer as Cedar defines it, each list in order. */
export interface Verdict {
  readonly decision: 'allow' | 'deny'
  readonly reasons: readonly string[]
  readonly errors: readonly string[]
  /** By the id of the policy that erred. */
  readonly messages: ReadonlyMap<string, string>
}

/** Answers one question; a text says why the library refused to. */
export type Oracle = (request: SampleRequest) => Verdict | string

const NAME = 'differential'

function why(errors: readonly { readonly message: string }[]): string {
  return errors.map(({ message }) => message).join('; ')
}

/** Prepares the library for a world. Its name is always the same, so that no number of worlds costs more memory than one. */
export function oracle(world: Pick<World, 'entities'> & SamplePolicies): Oracle | string {
  const parsed = withCedar((cedar) =>
    cedar.preparsePolicySet(NAME, {
      staticPolicies: Object.fromEntries(world.policies),
      templates: Object.fromEntries(world.templates),
      templateLinks: world.links.map(({ id, template, values }) => ({
        newId: id,
        templateId: template,
        values: { ...values },
      })),
    }),
  )
  if (parsed.type === 'failure') return why(parsed.errors)
  return (request) => {
    const answer = withCedar((cedar) =>
      cedar.statefulIsAuthorized({
        ...request,
        entities: [...world.entities],
        preparsedPolicySetId: NAME,
      }),
    )
    if (answer.type === 'failure') return why(answer.errors)
    const { decision, diagnostics } = answer.response
    const messages = diagnostics.errors.map(
      ({ policyId, error }) => [policyId, error.message] as const,
    )
    return {
      decision,
      reasons: [...diagnostics.reason].sort(),
      errors: messages.map(([id]) => id).sort(),
      messages: new Map(messages),
    }
  }
}
