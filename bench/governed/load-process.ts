// Holds the load generator: a process of its own that enrols as an agent, keeps its connections and makes the calls.

import { Holder } from '../../src/cli/identity/holder.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { serveOrders } from '../child.ts'
import { directTarget } from './direct-target.ts'
import { httpTarget } from './http-target.ts'
import { closedLoop, openLoop } from './load.ts'
import type { Target } from './target.ts'

/** What load goes to: the upstream itself, Bailiwick in front of it, or nginx in front of its own. */
export type TargetName = 'direct' | 'governed' | 'nginx'

/** What it is told. */
export type LoadOrder =
  | {
      readonly do: 'connect'
      readonly identity: string
      readonly token: string
      readonly gateway: string
      readonly nginxPort: number
      readonly lanes: number
    }
  | {
      readonly do: 'open'
      readonly to: TargetName
      readonly perSecond: number
      readonly seconds: number
    }
  | { readonly do: 'closed'; readonly to: TargetName; readonly seconds: number }

let holder: Holder | undefined
const targets = new Map<TargetName, Target>()

async function connect(order: Extract<LoadOrder, { do: 'connect' }>): Promise<void> {
  const { lanes, nginxPort } = order
  holder = await Holder.enrol({
    identityUrl: order.identity,
    joinToken: order.token,
    clock: systemClock,
    timer: systemTimer,
    entropy: systemEntropy,
  })
  targets.set('direct', directTarget(lanes))
  const { hostname: host, port } = new URL(order.gateway)
  const governed = { host, port: Number(port), path: '/mcp/records', tls: holder.tls() }
  targets.set('governed', await httpTarget(governed, lanes))
  const plain = { host: '127.0.0.1', port: nginxPort, path: '/' }
  targets.set('nginx', await httpTarget(plain, lanes))
}

function targetOf(name: TargetName): Target {
  const target = targets.get(name)
  if (target === undefined) throw new Error(`not connected to ${name}`)
  return target
}

async function perform(order: LoadOrder): Promise<unknown> {
  switch (order.do) {
    case 'connect':
      return connect(order)
    case 'open':
      return openLoop(targetOf(order.to), order.perSecond, order.seconds)
    case 'closed':
      return closedLoop(targetOf(order.to), order.seconds)
  }
}

serveOrders(perform, async () => {
  for (const target of targets.values()) target.close()
  await holder?.close()
})
