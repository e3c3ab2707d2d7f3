// Holds the evaluation of AuthZEN questions, one or many, and the words of the answers.

import { rfc3339 } from '../../std/clock.ts'
import { Fault, publicFault } from '../../std/fault.ts'
import type { Enforcer } from '../../store/rows/enforcer.ts'
import { enforcerFault } from '../../authority/enforcers/faults.ts'
import type { Evaluation, EvaluationAnswer, Evaluations } from '../../wire/api/authzen.ts'
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
  evaluation: Evaluation | undefined,
  enforcer: Enforcer,
  point: DecisionPoint,
): Promise<EvaluationAnswer> {
  try {
    return await evaluateOne(evaluation ?? incomplete(), enforcer, point)
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    const { code, detail, next, status } = publicFault(error)
    return { decision: false, context: { code, next, error: { status, message: detail } } }
  }
}

function incomplete(): never {
  throw authzenFault('authzen.incomplete', 'a question names a subject, an action and a resource')
}

function whole(parts: Omit<Evaluations, 'evaluations' | 'options'>): Evaluation | undefined {
  const { subject, action, resource, context } = parts
  if (subject === undefined || action === undefined || resource === undefined) return undefined
  return { subject, action, resource, ...(context !== undefined && { context }) }
}

/**
 * Evaluates many, one after the other: each is decided on what those before it left (§7.1). Without an array, or with an empty one,
 * it is one question.
 */
export async function evaluateMany(
  asked: Evaluations,
  enforcer: Enforcer,
  point: DecisionPoint,
): Promise<EvaluationAnswer | { evaluations: EvaluationAnswer[] }> {
  const { evaluations = [], options, ...defaults } = asked
  if (evaluations.length === 0) {
    return evaluateOne(whole(defaults) ?? incomplete(), enforcer, point)
  }
  const semantic = options?.evaluations_semantic ?? 'execute_all'
  const answers: EvaluationAnswer[] = []
  for (const evaluation of evaluations) {
    const answer = await evaluateEach(whole({ ...defaults, ...given(evaluation) }), enforcer, point)
    answers.push(answer)
    if (semantic === 'deny_on_first_deny' && !answer.decision) break
    if (semantic === 'permit_on_first_permit' && answer.decision) break
  }
  return { evaluations: answers }
}

/** What an evaluation says itself; a member that is left out is not one that is undefined. */
function given<T extends object>(evaluation: T): Partial<T> {
  const entries = Object.entries(evaluation).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as Partial<T>
}
