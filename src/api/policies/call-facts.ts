// Holds the facts of a call that nobody makes: what the spine would find out about an agent, a person and a task by their names.

import { targetText } from '../../authority/locks/target.ts'
import { rolesNow } from '../../authority/registry/roles.ts'
import type { JsonObject } from '../../std/json.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { TaskFacts } from '../../wire/task.ts'
import type { ControlPorts } from '../ports.ts'

/** A call in words. */
export interface CallWords {
  readonly agent: string
  /** Person id; absent: on nobody's behalf. */
  readonly person?: string
  /** Id of the task; absent: the only one that is open, or none. */
  readonly task?: string
  readonly system: string
  readonly action: string
  readonly input: JsonObject
}

/** The facts, and what would deny the call before policy is asked. */
export interface CallFacts {
  readonly request: DecisionRequest
  readonly before: readonly string[]
}

const DEFAULT_ENVIRONMENT = 'default'
const NOTHING: ReadonlySet<string> = new Set()

type Ports = Pick<ControlPorts, 'authority' | 'clock'>

/** The task that the spine would find, or why it would find none. */
function taskOf({ authority }: Ports, words: CallWords): TaskFacts | string | undefined {
  const { tasks } = authority
  const named = words.task === undefined ? undefined : tasks.find(words.task)
  const found = tasks.choose(
    {
      agent: words.agent,
      instance: named?.instance ?? '',
      user: words.person ?? '',
      ...(named?.bound === true && { bound: named.id }),
    },
    words.task,
  )
  if (typeof found === 'object') return found.task
  if (found === 'unknown') return 'the task is not of this agent and this person'
  if (found === 'over') return 'the task is over, or has not begun'
  if (found === 'several') return 'several tasks are open for it, and none is named'
  return undefined
}

type Agent = ReturnType<Ports['authority']['agents']['find']>

/** The lock that would stop it. */
function locked({ authority }: Ports, agent: Agent, words: CallWords, task?: TaskFacts): string[] {
  const { person, system, action } = words
  const actor = {
    instance: '',
    agent: agent.name,
    owner: agent.owner,
    ...(person !== undefined && { delegation: { id: '', person } }),
    ...(task !== undefined && { task }),
  }
  const lock = authority.locks.find(actor, system, action)
  return lock === undefined
    ? []
    : [`${targetText(lock.target)} is locked: ${lock.reason} (lock ${lock.id})`]
}

/** What is wrong with an agent that would act so. */
function standing(agent: Agent, words: CallWords, task: TaskFacts | string | undefined): string[] {
  const { name, state, taskless, unattended } = agent
  return [
    ...(state === 'active' ? [] : [`the agent \`${name}\` is ${state}`]),
    ...(words.person === undefined && !unattended
      ? [`the agent \`${name}\` is not registered to act unattended`]
      : []),
    ...(typeof task === 'string' ? [task] : []),
    ...(task === undefined && taskless !== true
      ? [`no task is open for the agent \`${name}\`, and it is not registered as taskless`]
      : []),
  ]
}

/**
 * The facts of a call as they are now. Throws where the agent, the person, the task, the system or the action is not known. What only
 * a running instance has (attested elements, a network, authority that was passed on) is not there; the history is that of the agent as the
 * head of its chain.
 */
export function callFacts(ports: Ports, words: CallWords): CallFacts {
  const { agents, effects, history, people, systems } = ports.authority
  const now = ports.clock.now()
  const agent = agents.find(words.agent)
  const person = words.person === undefined ? undefined : people.find(words.person)
  const { actions } = systems.find(words.system).definition
  const action = actions.find(({ name }) => name === words.action)
  const task = taskOf(ports, words)
  const request: DecisionRequest = {
    agent: { instance: 'any', name: agent.name, roles: [...rolesNow(agent, now)].sort() },
    ...(person !== undefined && { person: { id: person.id, roles: [...person.roles].sort() } }),
    ...(typeof task === 'object' && { task }),
    environments: {
      agent: agent.environment ?? DEFAULT_ENVIRONMENT,
      system: systems.environmentOf(words.system),
    },
    system: words.system,
    action: words.action,
    input: words.input,
    effects: action?.effects ?? [],
    ...effects.of(words.system, words.action),
    history: history.seen(
      { agent: agent.name, ...(person !== undefined && { person: person.id }) },
      words.system,
      words.action,
    ),
    now,
    setAside: NOTHING,
  }
  const before = [
    ...locked(ports, agent, words, typeof task === 'object' ? task : undefined),
    ...standing(agent, words, task),
  ]
  if (action === undefined) before.push('the system has no action of this name')
  return { request, before }
}
