// Holds the route that tells the reach of an agent: what one that was stolen could touch now.

import { rolesNow } from '../../authority/registry/roles.ts'
import { reachOf, type Reached, type ReachParts } from '../../policy/reach.ts'
import { ReachAnswer, ReachRequest } from '../../wire/api/reach.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { waysOf } from './ways.ts'

/** Ways that are looked at: beyond, they would only say the same of more people. */
const MAX_WAYS = 32

const DEFAULT_ENVIRONMENT = 'default'

type Action = ReachAnswer['actions'][number]

/** What of every system is within reach. Others are served between two systems. */
async function everyReach(
  { authority, server }: ControlPorts,
  agent: string,
  ways: ReachParts['ways'],
): Promise<Pick<ReachAnswer, 'actions' | 'closed'>> {
  const actions: Action[] = []
  const closed: ReachAnswer['closed'] = []
  const { environment = DEFAULT_ENVIRONMENT } = authority.agents.find(agent)
  const { set, isolated } = server.policies()
  for (const { definition } of authority.systems.list()) {
    const { name: system } = definition
    if (isolated.has(system)) {
      closed.push({ system, why: 'it is isolated' })
      continue
    }
    const environments = { agent: environment, system: authority.systems.environmentOf(system) }
    const setOff = authority.effects.of.bind(authority.effects)
    actions.push(...reachOf({ set, ways, environments, setOff }, definition).map(shown))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return { actions, closed }
}

function shown({ system, action, triggers, triggered, ...of }: Reached): Action {
  return {
    action: `${system}/${action}`,
    effects: [...of.effects],
    labels: [...of.labels],
    permits: [...of.permits],
    gates: [...of.gates],
    bounds: [...of.bounds],
    ways: [...of.ways],
    sets_off: [...triggers],
    triggered: [...triggered],
  }
}

/** Agent, roles, policies, actions and what those set off, as nodes and edges. */
function graphOf(
  agent: string,
  roles: readonly string[],
  actions: readonly Action[],
  next: (action: string) => readonly string[],
): Pick<ReachAnswer, 'nodes' | 'edges'> {
  const nodes = new Map<string, ReachAnswer['nodes'][number]>()
  const edges = new Map<string, ReachAnswer['edges'][number]>()
  const node = (kind: ReachAnswer['nodes'][number]['kind'], name: string): string => {
    const id = `${kind === 'triggered' ? 'action' : kind} ${name}`
    if (!nodes.has(id) || kind === 'action') nodes.set(id, { id, kind })
    return id
  }
  const edge = (
    kind: ReachAnswer['edges'][number]['kind'],
    from: string,
    to: string,
    on?: Action,
  ) => {
    const gated = (on?.gates.length ?? 0) > 0
    const limited = (on?.bounds.length ?? 0) > 0
    edges.set(`${from}\n${to}`, { from, to, kind, gated, limited })
  }
  const self = node('agent', agent)
  for (const role of roles) edge('has', self, node('role', role))
  for (const action of actions) {
    for (const policy of action.permits) {
      const permit = node('policy', policy)
      edge('permitted_by', self, permit)
      edge('allows', permit, node('action', action.action), action)
    }
  }
  for (const { action, sets_off: setsOff } of actions) {
    for (const from of [action, ...setsOff]) {
      for (const to of next(from)) edge('sets_off', node('triggered', from), node('triggered', to))
    }
  }
  return { nodes: [...nodes.values()], edges: [...edges.values()] }
}

/** Serves the reach of agents. */
export function serveReach(surface: Surface, ports: ControlPorts): void {
  const { agents, effects, people } = ports.authority
  surface.closed(
    'POST /v1/policies/reach',
    {
      summary: 'What an agent could touch now if it were stolen: every action, and what bounds it',
      body: ReachRequest,
      answer: ReachAnswer,
    },
    async ({ body }) => {
      const agent = agents.find(body.agent)
      const named = body.on_behalf_of
      const all = waysOf(ports, agent.name, named === undefined ? undefined : people.find(named).id)
      const ways = all.slice(0, MAX_WAYS)
      const open = ways.filter(({ shown: { shut } }) => shut === null)
      const { actions, closed } = await everyReach(
        ports,
        agent.name,
        open.map(({ way }) => way),
      )
      const roles = [...rolesNow(agent, ports.clock.now())].sort()
      const next = (action: string): readonly string[] => {
        const slash = action.indexOf('/')
        return effects.next(action.slice(0, slash), action.slice(slash + 1))
      }
      return {
        agent: agent.name,
        state: agent.state,
        roles: [...roles],
        ways: ways.map((one) => one.shown),
        more_ways: all.length - ways.length,
        // Ways are told in full: the places of those that are open are those among all.
        actions: actions.map((action) => ({
          ...action,
          ways: action.ways.map((at) => ways.indexOf(open[at]!)),
        })),
        closed,
        ...graphOf(agent.name, roles, actions, next),
      }
    },
  )
}
