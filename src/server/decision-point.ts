// Holds the decision point: enforcers' questions handed to the gateway's own spine, and their grants.

import { isDenial } from '../gateway/denial.ts'
import type { Stopped } from '../gateway/governing.ts'
import { CallControl } from '../gateway/call.ts'
import { actorFacts } from '../gateway/steps/04-decide.ts'
import { inScope } from '../gateway/steps/04-scope.ts'
import { Grants, type Granted } from '../authority/enforcers/grants.ts'
import type { Considered, DecisionPoint, Question, Sought } from '../api/authzen/decision-point.ts'
import type { Presented } from '../wire/presented.ts'
import type { Core } from './core.ts'

/** An instance on the word of who authenticated it. */
function presentedOf(of: {
  readonly enforcer: string
  readonly instance: string
  readonly spiffeId?: string
  readonly task?: string
}): Presented {
  const { enforcer, instance, spiffeId, task } = of
  return {
    vouched: { enforcer, instance, ...(spiffeId !== undefined && { spiffeId }) },
    resource: '',
    ...(task !== undefined && task !== '' && { task }),
  }
}

/** Fills the port. `url` is read when it is asked. */
export function decisionPoint(core: Core, url: () => string): DecisionPoint {
  const { audit, gateway, grantPorts, machine, policy, trustDomain } = core
  const { governor } = gateway
  const grants = new Grants({ ...grantPorts, audit, clock: machine.clock }, trustDomain)

  const consider = async (question: Question): Promise<Considered> => {
    const { enforcer, system, action, input } = question
    const concluded = await governor.consider({
      presented: presentedOf({ ...question, enforcer: enforcer.name }),
      system,
      action,
      input,
      network: { listener: 'authzen', address: '' },
      protocol: 'authzen',
      control: new CallControl(),
      patienceMs: () => 0,
      leavingCancels: false,
    })
    if (concluded.kind !== 'permitted') return stopped(concluded)
    const { actor, decision, kind, ...said } = concluded
    const granted: Granted = {
      ...said,
      instance: actor.instance,
      agent: actor.agent,
      spiffeId: actor.spiffeId,
      delegation: actor.delegation?.id ?? '',
      task: actor.task?.id ?? '',
      policySet: decision.policySet,
    }
    return { kind, call: said.call, grant: grants.issue(granted, enforcer) }
  }

  /** Why a grant holds no longer; undefined while it does. */
  const over = (granted: Granted, enforcer: string): string | undefined => {
    const { instance, task, system, action } = granted
    const presented = presentedOf({ enforcer, instance, task })
    const actor = governor.stillAdmitted({ presented, system, action })
    if (isDenial(actor)) return actor.detail
    if ((actor.delegation?.id ?? '') !== granted.delegation) return 'the delegation has changed'
    if ((actor.task?.id ?? '') !== task) return 'the task has changed'
    if (policy.set.digest !== granted.policySet) return 'the policies have changed'
    const pinned = core.authority.systems.get(system)?.actions.find(({ name }) => name === action)
    return pinned?.digest === granted.definition ? undefined : 'the definition has changed'
  }

  return {
    url,
    consider,
    burn: (grant, enforcer) =>
      grants.burn(grant, enforcer, (granted) => over(granted, enforcer.name)),
    outcome: (grant, enforcer, told) => grants.outcome(grant, enforcer, told),
    could: (sought) => could(core, sought),
  }
}

/** What stopped a question, in the words of the port. */
function stopped(concluded: Stopped): Considered {
  const { call, kind } = concluded
  if (kind === 'held') {
    const { approval, decision } = concluded.held
    const { id, url, expiresAt } = approval
    return { kind, call, approval: { id, url, expiresAt }, reason: decision.reason }
  }
  const { code, detail, next, because, retryAfterMs } = concluded.denial
  return {
    kind,
    call,
    code,
    detail,
    next,
    ...(because !== undefined && { because }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  }
}

function could(core: Core, sought: Sought): boolean {
  const { system, action, input } = sought
  const { authority, gateway, machine, policy } = core
  const definition = authority.systems.get(system)?.actions.find(({ name }) => name === action)
  if (definition === undefined) return false
  const presented = presentedOf({ ...sought, enforcer: '' })
  const actor = gateway.governor.stillAdmitted({ presented, system, action })
  if (isDenial(actor) || !inScope(actor, system, action)) return false
  if (actor.task === undefined && actor.taskless !== true) return false
  const subject = {
    ...actorFacts(actor, system, authority.systems),
    system,
    action,
    effects: definition.effects,
    ...authority.effects.of(system, action),
    now: machine.clock.now(),
  }
  if (input === undefined) return policy.mayCall(subject)
  return policy.decide({ ...subject, input, setAside: new Set() }).answer === 'allow'
}
