// Holds the annotations that a policy may carry: `@id`, `@reason`, `@gate` and `@crosses`, and what their values may be.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import type { PolicyCode } from './faults.ts'
import { nearest } from './problem.ts'

/** The annotations of one policy, as far as they are right. */
interface Annotations {
  readonly id?: string
  readonly reason?: string
  readonly gate?: string
  readonly crosses?: 'environment'
}

/** What is wrong with an annotation; `name` says where to look. */
interface AnnotationProblem {
  readonly name?: string
  readonly code: PolicyCode
  readonly message: string
  readonly help?: string
}

const KNOWN = ['id', 'reason', 'gate', 'crosses'] as const

/** Ids are shown to approvers and typed by people: ASCII only, so that no two look alike. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/
const GATE = /^[a-z0-9][a-z0-9._-]{0,63}$/
/** One printable line; nothing that reorders or hides text on a screen (Unicode controls, formats, separators). */
const REASON = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,500}$/u

/** Checks the annotations of one policy. */
export function readAnnotations(json: PolicyJson): {
  annotations: Annotations
  problems: readonly AnnotationProblem[]
} {
  const given = new Map<string, string | null>(Object.entries(json.annotations ?? {}))
  const problems: AnnotationProblem[] = []
  const bad = (name: string, message: string) =>
    problems.push({ name, code: 'policy.bad_annotation', message })
  for (const name of given.keys()) {
    if ((KNOWN as readonly string[]).includes(name)) continue
    const near = nearest(name.toLowerCase(), KNOWN)
    problems.push({
      name,
      code: 'policy.unknown_annotation',
      message: `the annotation \`@${name}\` is not known`,
      help:
        near === undefined
          ? 'policies carry @id, @reason, @gate and @crosses'
          : `did you mean \`@${near}\`?`,
    })
  }
  const [id, reason, gate, crosses] = KNOWN.map((name) => given.get(name))
  if (id === undefined) {
    problems.push({ code: 'policy.missing_id', message: 'the policy has no `@id`' })
  } else if (id === null || !ID.test(id)) {
    bad('id', 'an `@id` is 1 to 128 letters, digits, `.`, `_`, `/` and `-`')
  }
  if (reason !== undefined && (reason === null || !REASON.test(reason) || reason.trim() === '')) {
    bad('reason', 'a `@reason` is one line of 1 to 500 printable characters')
  }
  if (gate !== undefined && (gate === null || !GATE.test(gate))) {
    bad('gate', 'a `@gate` names a role: 1 to 64 small letters, digits, `.`, `_` and `-`')
  }
  if (gate !== undefined && json.effect === 'permit') {
    problems.push({
      name: 'gate',
      code: 'policy.gate_on_permit',
      message: 'a permit has nothing that a gate could set aside',
    })
  }
  if (crosses !== undefined && crosses !== 'environment') {
    bad('crosses', 'a `@crosses` says "environment": nothing else can be crossed')
  }
  if (crosses !== undefined && json.effect === 'forbid') {
    problems.push({
      name: 'crosses',
      code: 'policy.crosses_on_forbid',
      message: 'a forbid holds in every environment',
    })
  }
  const annotations = {
    ...(id && { id }),
    ...(reason && { reason }),
    ...(gate && { gate }),
    ...(crosses === 'environment' && { crosses: 'environment' as const }),
  }
  return { annotations, problems }
}
