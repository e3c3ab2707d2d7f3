// Holds the evaluation of AuthZEN questions, one or many, and the words of the answers.

import { rfc3339 } from '../../std/clock.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import { isObject, type Json } from '../../std/json.ts'
import type { Enforcer } from '../../authority/enforcers/enforcers.ts'
import { enforcerFault } from '../../authority/enforcers/faults.ts'
import { Evaluation, type EvaluationAnswer, type Evaluations } from '../../wire/api/authzen.ts'
import type { Considered, DecisionPoint } from './decision-point.ts'
import { authzenFault } from './faults.ts'
import { named } from './question.ts'

/** What was decided, as AuthZEN says it. A call that is held is denied, and says where a person can agree. */
function answered(considered: Considered): EvaluationAnswer {
  const id = considered.call
  switch (considered.kind) {
    case 'permitted': {
      const { text, expiresAt } = considered.grant
      const grant = { token: text, expires_at: rfc3339(expiresAt) }
      return { decision: true, context: { id, grant } }
    }
    case 'held': {
      const { approval, reason } = considered
      const { url, expiresAt } = approval
      return {
        decision: false,
        context: {
          id,
          code: 'approval.pending',
          next: 'ask the same again with the same arguments once a person has agreed',
          reason_user: { en: reason },
          approval: { id: approval.id, url, expires_at: rfc3339(expiresAt) },
        },
      }
    }
    case 'denied': {
      const { because, code, detail, next, retryAfterMs } = considered
      return {
        decision: false,
        context: {
          id,
          code,
          next,
          reason_user: { en: detail },
          ...(because !== undefined && { reason_admin: { en: because } }),
          ...(retryAfterMs !== undefined && { retry_after_ms: retryAfterMs }),
        },
      }
    }
  }
}

/** Evaluates one question. Throws `authzen.*` or `enforcer.other_system` for one that cannot be asked. */
export async function evaluateOne(
  evaluation: Evaluation,
  enforcer: Enforcer,
  point: DecisionPoint,
): Promise<EvaluationAnswer> {
  const question = named(evaluation)
  if (!enforcer.systems.includes(question.system)) {
    throw enforcerFault(
      'enforcer.other_system',
      'the enforcer is not registered for the system that is asked about',
    )
  }
  return answered(await point.consider({ ...question, enforcer }))
}

/** One of many: what is wrong with it alone is its own answer, closed (§7.2.1). */
async function evaluateEach(
  asked: unknown,
  enforcer: Enforcer,
  point: DecisionPoint,
): Promise<EvaluationAnswer> {
  try {
    return await evaluateOne(read(asked), enforcer, point)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, detail, next, status } = publicFault(error)
    return { decision: false, context: { code, next, error: { status, message: detail } } }
  }
}

/** A whole question. Throws `authzen.incomplete`. */
function read(asked: unknown): Evaluation {
  const whole = Evaluation.safeParse(asked)
  if (whole.success) return whole.data
  const path = whole.error.issues[0]?.path.map(String).join('.').slice(0, 64) ?? ''
  throw authzenFault(
    'authzen.incomplete',
    `a question names a subject, an action and a resource: \`${path}\` is missing or of another type`,
  )
}

type Defaults = Omit<Evaluations, 'evaluations' | 'options'>

/** What an entity cannot do without, and takes from the default of its kind where it does not say so itself. */
const NEEDED = { subject: ['type', 'id'], action: ['name'], resource: ['type', 'id'] } as const

/** An evaluation with its defaults (§7.1.1): an entity that it names takes the place of the default. */
function withDefaults(defaults: Defaults, evaluation: Json): unknown {
  if (!isObject(evaluation)) return evaluation
  const whole: Record<string, unknown> = { ...defaults, ...evaluation }
  for (const [kind, members] of Object.entries(NEEDED)) {
    const own = evaluation[kind]
    const common = defaults[kind as keyof Defaults]
    if (!isObject(own) || common === undefined) continue
    const needed = members.filter(
      (name) => !Object.hasOwn(own, name) && Object.hasOwn(common, name),
    )
    whole[kind] = { ...own, ...Object.fromEntries(needed.map((name) => [name, common[name]])) }
  }
  return whole
}

/**
 * Evaluates many, one after the other: each is decided on what those before it left (§7.1). Without an array, or with an empty one,
 * it is one question. Throws as one question does, for what is wrong with all of them.
 */
export async function evaluateMany(
  asked: Evaluations,
  enforcer: Enforcer,
  point: DecisionPoint,
): Promise<EvaluationAnswer | { evaluations: EvaluationAnswer[] }> {
  const { evaluations = [], options, ...defaults } = asked
  if (evaluations.length === 0) return evaluateOne(read(defaults), enforcer, point)
  const semantic = options?.evaluations_semantic ?? 'execute_all'
  const answers: EvaluationAnswer[] = []
  for (const evaluation of evaluations) {
    const answer = await evaluateEach(withDefaults(defaults, evaluation as Json), enforcer, point)
    answers.push(answer)
    if (semantic === 'deny_on_first_deny' && !answer.decision) break
    if (semantic === 'permit_on_first_permit' && answer.decision) break
  }
  return { evaluations: answers }
}
