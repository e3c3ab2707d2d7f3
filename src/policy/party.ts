// Holds the answer of one party: what its permits and the set's forbids say, and which of them count (INV-2, INV-4).

import type {
  Answer,
  DecisionRequest,
  DeterminingPolicy,
  ErringPolicy,
  PartyAnswer,
} from '../wire/decision.ts'
import { absentInWords, apart, counts, demandsOn, namesAbsent } from './counts.ts'
import type { CallContext } from './context.ts'
import type { Question } from './engine.ts'
import { partyOf, principalOf, uidText, type Asked } from './entity.ts'
import type { DecidingParts } from './parts.ts'
import type { Policy } from './policy.ts'
import { questionOf } from './question.ts'

/** What everybody is told where no policy permits a call. */
export const NOT_PERMITTED = 'no policy permits this call'

/** A party in words. */
export function inWords(asked: Asked): string {
  return typeof asked === 'string' ? `the ${asked}` : `the delegating agent \`${asked.name}\``
}

function determining(policies: readonly Policy[]): DeterminingPolicy[] {
  return policies.map(({ id, effect, reason, gate, obligations }) => ({
    id,
    effect,
    ...(reason !== undefined && { reason }),
    ...(gate !== undefined && { gate }),
    ...(obligations !== undefined && { obligations }),
  }))
}

/** Engines answer in no particular order; ours is fixed, so that equal calls get equal decisions. */
function byId(a: { readonly id: string }, b: { readonly id: string }): number {
  return a.id < b.id ? -1 : 1
}

function named(policies: readonly { readonly id: string }[]): string {
  return policies.map(({ id }) => `\`${id}\``).join(', ')
}

/** What speaks for and against a party. */
interface Heard {
  readonly forbids: readonly Policy[]
  readonly permits: () => readonly Policy[]
  readonly errors: readonly ErringPolicy[]
}

type Policies = ReadonlyMap<string, Policy>

function found(policies: Policies, ids: readonly string[]): Policy[] {
  return ids.map((id) => policies.get(id)!).sort(byId)
}

function erring(policies: Policies, errors: readonly { id: string; message: string }[]) {
  return errors.map(({ id, message }) => ({ id, effect: policies.get(id)!.effect, message }))
}

/** A person and an agent: the set's permits and forbids. Throws what the engine throws. */
function hear({ engine, policies }: DecidingParts, question: Question): Heard {
  const findings = engine.evaluate(question)
  return {
    forbids: found(policies, findings.forbids),
    permits: () => found(policies, findings.permits()),
    errors: erring(policies, findings.errors).sort(byId),
  }
}

/**
 * A task: the set's forbids, and for permits nothing but its own scope, so that no policy however wide makes a task cover more than
 * what was signed. A string says why it has no scope that could be asked. Throws what the engines throw.
 */
function hearTask(parts: DecidingParts, question: Question, request: DecisionRequest) {
  const task = request.task!
  // A time that is none is no time left.
  if (!(Number.isSafeInteger(task.endsAt) && request.now < task.endsAt)) {
    return 'its time window is over'
  }
  const compiled = parts.scopes.of(task)
  if (!compiled.ok) {
    const [{ file, message } = { file: 'scope', message: 'not valid' }] = compiled.problems
    return `its scope does not fit the systems as they are pinned now: ${file}: ${message}`
  }
  const { engine, policies } = compiled.scope
  const lines = new Map(policies.map((policy) => [policy.id, policy]))
  const against = hear(parts, question)
  const within = engine.evaluate(question)
  return {
    forbids: against.forbids,
    permits: () => found(lines, within.permits()),
    errors: [
      ...against.errors.filter(({ effect }) => effect === 'forbid'),
      ...erring(lines, within.errors).sort(byId),
    ],
  }
}

/** One party's answer to one call. Throws what the engine throws. */
export function answerOf(
  parts: DecidingParts,
  asked: Asked,
  request: DecisionRequest,
  context: CallContext,
): PartyAnswer {
  const who = inWords(asked)
  const answered = (
    answer: Answer,
    policies: readonly Policy[],
    reason: string,
    more: Pick<PartyAnswer, 'environment' | 'without' | 'errors'>,
  ): PartyAnswer => ({
    party: partyOf(asked),
    principal: uidText(principalOf(asked, request)!),
    answer,
    policies: determining(policies),
    reason: `${who} is ${reason}`,
    ...more,
  })
  const question = questionOf(asked, request, context)
  const heard = asked === 'task' ? hearTask(parts, question, request) : hear(parts, question)
  if (typeof heard === 'string') return answered('deny', [], `denied: ${heard}`, { errors: [] })
  const { errors, forbids } = heard
  const broken = errors.filter(({ effect }) => effect === 'forbid')
  if (broken.length > 0) {
    return answered('deny', forbids, `denied: ${named(broken)} could not be evaluated`, { errors })
  }
  // Only a gated forbid can be set aside, whatever an approval names.
  const standing = forbids.filter(({ id, gate }) => gate === undefined || !request.setAside.has(id))
  if (standing.some(({ gate }) => gate === undefined)) {
    return answered('deny', standing, `denied by ${named(standing)}`, { errors })
  }
  const permits = heard.permits()
  if (permits.length === 0) {
    const why = asked === 'task' ? 'no line of its scope covers this call' : NOT_PERMITTED
    return answered('deny', standing, `denied: ${why}`, { errors })
  }
  const demands = demandsOn(asked, request)
  const counting = permits.filter((permit) => counts(demands, permit))
  if (counting.length === 0 && demands.system === true) {
    return answered('deny', standing, 'denied: no policy that permits it names the system', {
      errors,
    })
  }
  if (counting.length === 0) {
    const known = permits.filter((permit) => namesAbsent(demands, permit))
    const { without, environments } = demands
    if (known.length > 0 && environments !== undefined) {
      const reason = `denied: ${apart(environments)}, and ${named(known)} does not say \`@crosses("environment")\``
      return answered('deny', standing, reason, { errors, environment: true })
    }
    const reason = `denied: the call is made ${absentInWords(without)}, and ${named(permits)} does not say \`@without("${without.join(', ')}")\``
    return answered('deny', standing, reason, { errors, without })
  }
  if (standing.length > 0)
    return answered('hold', standing, `held by ${named(standing)}`, { errors })
  return answered('allow', counting, `allowed by ${named(counting)}`, { errors })
}
