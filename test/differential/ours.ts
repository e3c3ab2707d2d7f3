// Holds our side: what our own compilation answers, asked like the library.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { Authorizer } from '../../src/policy/cedar/authorizer.ts'
import { exactText } from '../../src/policy/cedar/integers.ts'
import { compilePolicy } from '../../src/policy/cedar/policy.ts'
import { frameFromJson } from '../../src/policy/cedar/question-json.ts'
import { Uid } from '../../src/policy/cedar/uid.ts'
import { withCedar } from '../../src/policy/library.ts'
import type { Oracle } from './oracle.ts'
import type { SamplePolicies } from './policy.ts'
import type { World } from './world.ts'

function parsed(kind: 'policyToJson' | 'templateToJson'): (text: string) => PolicyJson {
  return (text) => {
    const answer = withCedar((cedar) => cedar[kind](text))
    if (answer.type === 'success') return answer.json
    throw new Error(answer.errors.map(({ message }) => message).join('; '))
  }
}

function read(text: string, kind: 'policyToJson' | 'templateToJson') {
  const parse = parsed(kind)
  const json = parse(text)
  const exact = exactText(text)
  return exact === undefined
    ? { json, integer: BigInt }
    : { json: parse(exact.text), integer: exact.integer }
}

/** Compiles the policies of a world, and its templates once for each link. */
export function ours(world: Pick<World, 'entities'> & SamplePolicies): Oracle {
  const policies = [...world.policies].map(([id, text]) => {
    const { json, integer } = read(text, 'policyToJson')
    return compilePolicy(id, json, { integer, slots: {} })
  })
  const linked = world.links.map(({ id, template, values }) => {
    const { json, integer } = read(world.templates.get(template)!, 'templateToJson')
    const slots = Object.entries(values).map(
      ([slot, uid]) => [slot, new Uid(uid.type, uid.id)] as const,
    )
    return compilePolicy(id, json, { integer, slots: Object.fromEntries(slots) })
  })
  const authorizer = new Authorizer([...policies, ...linked])
  return (request) => {
    const frame = frameFromJson({ ...request, entities: world.entities })
    const { forbids, permits, errors } = authorizer.ask(frame)
    const allowed = forbids.length === 0 && permits.length > 0
    return {
      decision: allowed ? 'allow' : 'deny',
      reasons: [...(allowed ? permits : forbids)].sort(),
      errors: errors.map(({ id }) => id).sort(),
      messages: new Map(errors.map(({ id, message }) => [id, message])),
    }
  }
}
