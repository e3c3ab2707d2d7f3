// Holds the annotations that a policy may carry, by name, and what their values may be.

import type { PolicyJson } from '@cedar-policy/cedar-wasm/nodejs'
import { readGate } from '../wire/gate.ts'
import { OBLIGING_NAMES, readObligations } from './annotation-obligation.ts'
import type { PolicyCode } from './faults.ts'
import type { Absent, Policy } from './policy.ts'
import { nearest } from './problem.ts'

/** The annotations of one policy, as far as they are right. */
type Annotations = Partial<
  Pick<
    Policy,
    'id' | 'reason' | 'advice' | 'gate' | 'crosses' | 'without' | 'enforce' | 'obligations'
  >
>

/** What is wrong with an annotation; `name` says where to look. */
interface AnnotationProblem {
  readonly name?: string
  readonly code: PolicyCode
  readonly message: string
  readonly help?: string
}

const OWN = ['id', 'reason', 'gate', 'crosses', 'without', 'advice', 'enforce'] as const
const KNOWN: readonly string[] = [...OWN, ...OBLIGING_NAMES]

/** Ids are shown to approvers and typed by people: ASCII only, so that no two look alike. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/
/** One printable line; nothing that reorders or hides text on a screen (Unicode controls, formats, separators). */
const REASON = /^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]{1,500}$/u

/** What `@without` may name, in the order in which it is kept. */
const ABSENT = ['user', 'task'] as const satisfies readonly Absent[]

const CROSSES = 'a `@crosses` says "environment": nothing else can be crossed'
const ENFORCE = 'an `@enforce` stands alone, without a value'
const WITHOUT = 'a `@without` says "user", "task", or "user, task"'

/** What is right of one value, or why it is not. */
type Read<T> = { readonly value: T } | { readonly wrong: string }

function line(name: string): (text: string) => Read<string> {
  return (text) =>
    REASON.test(text) && text.trim() !== ''
      ? { value: text }
      : { wrong: `a \`@${name}\` is one line of 1 to 500 printable characters` }
}

/** Each name once, in any order; nothing is guessed: `"users"` or a letter that only looks right is refused. */
function absent(text: string): Read<readonly Absent[]> {
  const names = text.split(',').map((name) => name.trim())
  const value = ABSENT.filter((name) => names.includes(name))
  return value.length === names.length ? { value } : { wrong: WITHOUT }
}

const READERS: { readonly [N in (typeof OWN)[number]]: (text: string) => Read<Annotations[N]> } = {
  id: (text) =>
    ID.test(text)
      ? { value: text }
      : { wrong: 'an `@id` is 1 to 128 letters, digits, `.`, `_`, `/` and `-`' },
  reason: line('reason'),
  advice: line('advice'),
  gate: (text) => {
    const read = readGate(text)
    return 'rule' in read ? { value: text } : { wrong: `in \`@gate\`, ${read.wrong}` }
  },
  crosses: (text) => (text === 'environment' ? { value: text } : { wrong: CROSSES }),
  without: absent,
  enforce: (text) => (text === '' ? { value: true } : { wrong: ENFORCE }),
}

/** Annotations that mean nothing on one of the two effects. */
const MISPLACED: readonly (readonly [keyof Annotations, Policy['effect'], PolicyCode, string])[] = [
  ['gate', 'permit', 'policy.gate_on_permit', 'a permit has nothing that a gate could set aside'],
  [
    'enforce',
    'permit',
    'policy.enforce_on_permit',
    'observe mode sets aside forbids alone, and this is a permit',
  ],
  ['crosses', 'forbid', 'policy.crosses_on_forbid', 'a forbid holds in every environment'],
  [
    'without',
    'forbid',
    'policy.without_on_forbid',
    'a forbid holds whether a user and a task are there or not',
  ],
]

/** Checks the annotations of one policy. */
export function readAnnotations(json: PolicyJson): {
  annotations: Annotations
  problems: readonly AnnotationProblem[]
} {
  const given = new Map<string, string | null>(Object.entries(json.annotations ?? {}))
  const problems: AnnotationProblem[] = []
  for (const name of given.keys()) {
    if (!KNOWN.includes(name)) problems.push(unknown(name))
  }
  if (!given.has('id')) {
    problems.push({ code: 'policy.missing_id', message: 'the policy has no `@id`' })
  }
  const annotations: Record<string, unknown> = {}
  for (const name of OWN) {
    const text = given.get(name)
    if (text === undefined) continue
    // `@gate` alone is the annotation without a value.
    const read = READERS[name](text ?? '')
    if ('value' in read) annotations[name] = read.value
    else problems.push({ name, code: 'policy.bad_annotation', message: read.wrong })
  }
  const { obligations, wrong } = readObligations(given)
  if (obligations !== undefined) annotations['obligations'] = obligations
  for (const { name, message } of wrong) {
    problems.push({ name, code: 'policy.bad_annotation', message })
  }
  for (const name of OBLIGING_NAMES) {
    if (!given.has(name) || json.effect === 'permit') continue
    const message = 'a forbid lets no answer through that it could ask anything of'
    problems.push({ name, code: 'policy.obligation_on_forbid', message })
  }
  for (const [name, effect, code, message] of MISPLACED) {
    if (given.has(name) && json.effect === effect) problems.push({ name, code, message })
  }
  return { annotations, problems }
}

function unknown(name: string): AnnotationProblem {
  const near = nearest(name.toLowerCase(), KNOWN)
  return {
    name,
    code: 'policy.unknown_annotation',
    message: `the annotation \`@${name}\` is not known`,
    help:
      near === undefined
        ? `policies carry ${KNOWN.map((one) => `@${one}`).join(', ')}`
        : `did you mean \`@${near}\`?`,
  }
}
