// Holds the ways in which an agent can act now: its delegations, the persons it may act for, and its tasks.

import { rolesNow } from '../../authority/registry/roles.ts'
import type { Way } from '../../policy/reach.ts'
import type { ReachAnswer } from '../../wire/api/reach.ts'
import { personName } from '../people/name.ts'
import type { ControlPorts } from '../ports.ts'

type Ports = Pick<ControlPorts, 'authority' | 'clock'>
type Shown = ReachAnswer['ways'][number]

/** A way with what is told of it. */
export interface ShownWay {
  readonly shown: Shown
  readonly way: Way
}

/** Where the agent stands: for whom, under which delegation, the highest first. */
interface Standing {
  readonly kind: Shown['kind']
  /** Person id; empty: nobody. */
  readonly person: string
  readonly chain: ReturnType<Ports['authority']['delegations']['list']>
}

function standings({ authority }: Ports, agent: string, person: string | undefined): Standing[] {
  const { agents, delegations } = authority
  const held = delegations
    .list()
    .filter((one) => one.agent === agent && (person === undefined || one.person === person))
    .flatMap((one): Standing[] => {
      const chain = delegations.chainOf(one.id)
      return chain === undefined ? [] : [{ kind: 'delegation', person: one.person, chain }]
    })
  if (person !== undefined) return [...held, { kind: 'person', person, chain: [] }]
  const alone: Standing[] =
    agents.find(agent).unattended === true ? [{ kind: 'unattended', person: '', chain: [] }] : []
  return [...held, ...alone]
}

/** Every way, and for each task one of its own. */
export function waysOf(ports: Ports, agent: string, person: string | undefined): ShownWay[] {
  return standings(ports, agent, person).flatMap((standing) => underTasks(ports, agent, standing))
}

function underTasks(ports: Ports, name: string, standing: Standing): ShownWay[] {
  const { authority, clock } = ports
  const now = clock.now()
  const agent = authority.agents.find(name)
  const { chain, kind, person } = standing
  const head = chain[0]?.agent ?? name
  const bound = chain.at(-1)?.task
  const tasks = authority.tasks
    .list()
    .filter((task) => task.agent === head && task.user === person && task.startsAt <= now)
    .filter((task) => (bound === undefined ? task.bound !== true : task.id === bound))
  const found = tasks.flatMap((task) => {
    const bindings = task.bound === true ? { bound: task.id } : {}
    const seeker = { agent: head, instance: task.instance ?? '', user: person, ...bindings }
    const chosen = authority.tasks.choose(seeker, task.id)
    return typeof chosen === 'object' ? [chosen.task] : []
  })
  const taskless = found.length === 0 && bound === undefined && agent.taskless === true
  const shut =
    agent.state !== 'active'
      ? `the agent is ${agent.state}`
      : found.length === 0 && !taskless
        ? 'no task is open'
        : null
  const user = person === '' ? undefined : authority.people.find(person)
  const subject = {
    agent: { instance: 'any', name, roles: [...rolesNow(agent, now)].sort() },
    ...(user !== undefined && { person: { id: user.id, roles: [...user.roles].sort() } }),
    ...(chain.length > 1 && { delegators: delegators(ports, chain) }),
  }
  const scopes = chain.flatMap(({ scope }) => (scope === undefined ? [] : [scope]))
  const base = {
    kind,
    delegation: chain.at(-1)?.id ?? null,
    person: user === undefined ? null : personName(authority, user.id),
    shut,
  }
  if (found.length === 0) return [{ shown: { ...base, task: null }, way: { subject, scopes } }]
  return found.map((task) => ({
    shown: { ...base, task: { id: task.id, intent: task.intent } },
    way: { subject: { ...subject, task }, scopes },
  }))
}

/** Every agent that passed authority on: each of them is asked as well. */
function delegators({ authority, clock }: Ports, chain: Standing['chain']) {
  return chain.flatMap(({ by }) => {
    const agent = by === undefined ? undefined : authority.agents.get(by.agent)
    if (by === undefined || agent === undefined) return []
    const roles = [...rolesNow(agent, clock.now())].sort()
    return [{ instance: by.instance, name: by.agent, roles }]
  })
}
