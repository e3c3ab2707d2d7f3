// Holds the worlds that an explanation tries: a set and a request as they are, or with something in them otherwise.

import type { Answer, DecisionRequest, PartyAnswer } from '../../wire/decision.ts'
import { callContext } from '../context.ts'
import { compiledEngine, type Engine } from '../engine.ts'
import type { Asked } from '../entity.ts'
import { withCedar } from '../library.ts'
import type { DecidingParts } from '../parts.ts'
import { answerOf } from '../party.ts'
import type { Policy } from '../policy.ts'
import { partiesOf, pinned } from '../question.ts'

/** What is decided by, and what about. */
export interface World {
  readonly parts: DecidingParts
  readonly request: DecisionRequest
}

/** One party's answer in a world. Throws what deciding throws. */
export function partyIn({ parts, request }: World, asked: Asked): PartyAnswer {
  const { input } = pinned(parts, request)
  return answerOf(parts, asked, request, callContext(input, request, request.input, request.now))
}

/** The whole answer in a world; whatever goes wrong denies. */
export function answerIn(world: World): Answer {
  try {
    const answers = partiesOf(world.request).map((asked) => partyIn(world, asked).answer)
    return answers.includes('deny') ? 'deny' : answers.includes('hold') ? 'hold' : 'allow'
  } catch {
    return 'deny'
  }
}

/** The same world where one policy says something else of whom it counts for. */
export function withPolicy({ parts, request }: World, policy: Policy): World {
  const policies = new Map(parts.policies).set(policy.id, policy)
  return { parts: { ...parts, policies }, request }
}

/** The same world with a policy more. Throws where the text is no policy. */
export function withPermit(world: World, text: string): World {
  const answer = withCedar((cedar) => cedar.policyToJson(text))
  if (answer.type === 'failure') throw new Error(answer.errors[0]?.message ?? 'no policy')
  const added: Policy = {
    id: 'added',
    effect: 'permit',
    file: '',
    line: 1,
    text,
    json: answer.json,
    crosses: 'environment',
    without: ['user', 'task'],
  }
  const { parts, request } = withPolicy(world, added)
  return { parts: { ...parts, engine: beside(parts.engine, compiledEngine([added])) }, request }
}

/** Two engines that answer as one over the policies of both. */
function beside(first: Engine, second: Engine): Engine {
  return {
    evaluate(question) {
      const [a, b] = [first.evaluate(question), second.evaluate(question)]
      return {
        forbids: [...a.forbids, ...b.forbids],
        permits: () => [...a.permits(), ...b.permits()],
        errors: [...a.errors, ...b.errors],
      }
    },
    mayAllow: (question, policies) => first.mayAllow(question, policies),
  }
}
