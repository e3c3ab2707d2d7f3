// Holds the addresses of the console. Each page is loaded when somebody first goes there; the first one comes with the shell.

import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
} from '@tanstack/react-router'
import { Now } from '../pages/now/now.tsx'
import { NotThere, Shell, WentWrong } from './shell.tsx'

const root = createRootRoute({
  component: Shell,
  notFoundComponent: NotThere,
  errorComponent: WentWrong,
})

/** Search parameters are texts, whatever they look like; an empty one stands for none. */
function texts<const Names extends readonly string[]>(names: Names) {
  return (search: Record<string, unknown>): { [N in Names[number]]?: string | undefined } =>
    Object.fromEntries(
      names.flatMap((name) => {
        const value = search[name]
        return value === undefined || value === null || value === ''
          ? []
          : [[name, typeof value === 'string' ? value : JSON.stringify(value)]]
      }),
    ) as { [N in Names[number]]?: string }
}

const now = createRoute({ getParentRoute: () => root, path: '/', component: Now })
const agents = createRoute({
  getParentRoute: () => root,
  path: '/agents',
  validateSearch: texts(['q', 'state', 'owner', 'show']),
  component: lazyRouteComponent(() => import('../pages/agents/agents.tsx'), 'Agents'),
})
const agent = createRoute({
  getParentRoute: () => root,
  path: '/agents/$name',
  validateSearch: texts(['tab']),
  component: lazyRouteComponent(() => import('../pages/agents/agent.tsx'), 'AgentPage'),
})
const calls = createRoute({
  getParentRoute: () => root,
  path: '/calls',
  validateSearch: texts(['q']),
  component: lazyRouteComponent(() => import('../pages/calls/calls.tsx'), 'Calls'),
})
const call = createRoute({
  getParentRoute: () => root,
  path: '/calls/$id',
  component: lazyRouteComponent(() => import('../pages/calls/call.tsx'), 'CallPage'),
})
const trace = createRoute({
  getParentRoute: () => root,
  path: '/traces/$id',
  component: lazyRouteComponent(() => import('../pages/calls/trace.tsx'), 'TracePage'),
})
const tasks = createRoute({
  getParentRoute: () => root,
  path: '/tasks',
  component: lazyRouteComponent(() => import('../pages/tasks/tasks.tsx'), 'Tasks'),
})
const approvals = createRoute({
  getParentRoute: () => root,
  path: '/approvals',
  validateSearch: texts(['id']),
  component: lazyRouteComponent(() => import('../pages/approvals/approvals.tsx'), 'Approvals'),
})
const findings = createRoute({
  getParentRoute: () => root,
  path: '/findings',
  component: lazyRouteComponent(() => import('../pages/findings/findings.tsx'), 'Findings'),
})
const policy = createRoute({
  getParentRoute: () => root,
  path: '/policy',
  validateSearch: texts(['tab']),
  component: lazyRouteComponent(() => import('../pages/policy/policy.tsx'), 'PolicyPage'),
})
const systems = createRoute({
  getParentRoute: () => root,
  path: '/systems',
  component: lazyRouteComponent(() => import('../pages/systems/systems.tsx'), 'Systems'),
})
const system = createRoute({
  getParentRoute: () => root,
  path: '/systems/$name',
  component: lazyRouteComponent(() => import('../pages/systems/system.tsx'), 'SystemPage'),
})
const locks = createRoute({
  getParentRoute: () => root,
  path: '/locks',
  component: lazyRouteComponent(() => import('../pages/locks/locks.tsx'), 'Locks'),
})
const lock = createRoute({
  getParentRoute: () => root,
  path: '/locks/$id',
  component: lazyRouteComponent(() => import('../pages/locks/lock.tsx'), 'LockPage'),
})
const people = createRoute({
  getParentRoute: () => root,
  path: '/people',
  component: lazyRouteComponent(() => import('../pages/people/people.tsx'), 'People'),
})
const gateways = createRoute({
  getParentRoute: () => root,
  path: '/gateways',
  component: lazyRouteComponent(() => import('../pages/gateways/gateways.tsx'), 'Gateways'),
})
const log = createRoute({
  getParentRoute: () => root,
  path: '/log',
  component: lazyRouteComponent(() => import('../pages/log/log.tsx'), 'LogPage'),
})
const guide = createRoute({
  getParentRoute: () => root,
  path: '/guide',
  component: lazyRouteComponent(() => import('../pages/guide/guide.tsx'), 'Guide'),
})
const glossary = createRoute({
  getParentRoute: () => root,
  path: '/glossary',
  component: lazyRouteComponent(() => import('../pages/guide/glossary.tsx'), 'Glossary'),
})

export const router = createRouter({
  // prettier-ignore
  routeTree: root.addChildren([
    now, agents, agent, calls, call, trace, tasks, approvals, findings, policy, systems, system, locks, lock,
    people, gateways, log, guide, glossary,
  ]),
  basepath: '/console',
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
