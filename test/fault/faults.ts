// Holds the faults that a fleet is put to: each with a lock while it lasts, and healed before the next.

import type { Fleet, Post } from '../../bench/fleet/fleet.ts'

/** What a fault may use. */
export interface Faulted {
  readonly fleet: Fleet
  /** Waits (ms). */
  readonly pause: (ms: number) => Promise<void>
  /** Locks the agent by way of control; resolves when control has answered. */
  readonly lock: () => Promise<void>
  /** Does something to the database, where there is one besides control. */
  readonly restartDatabase?: () => Promise<void>
}

/** A fault: it ends healed, with every process there again. */
export type FaultOf = (of: Faulted) => Promise<void>

/** How long a gateway goes on without control, and a little more (ms). */
const LEASE_MS = 5_000
const OVER_MS = LEASE_MS + 600

async function killed(fleet: Fleet, post: Post): Promise<void> {
  await post.program.end('SIGKILL')
  await fleet.again(post)
}

/** Every one by name; `first` and so on are gateways. */
export const FAULTS: Readonly<Record<string, FaultOf>> = {
  nothing: ({ lock }) => lock(),

  'a gateway is killed': async ({ fleet, lock }) => {
    const back = killed(fleet, fleet.posts[0]!)
    await lock()
    await back
  },

  'a gateway is paused for less than its lease': async ({ fleet, lock, pause }) => {
    const { program } = fleet.posts[0]!
    program.kill('SIGSTOP')
    await lock()
    await pause(2_000)
    program.kill('SIGCONT')
  },

  'a gateway is paused for longer than its lease': async ({ fleet, lock, pause }) => {
    const { program } = fleet.posts[0]!
    program.kill('SIGSTOP')
    await lock()
    await pause(OVER_MS + 1_000)
    program.kill('SIGCONT')
  },

  'a gateway hears nothing': async ({ fleet, lock, pause }) => {
    const { relay } = fleet.posts[0]!
    relay.silence(true)
    await lock()
    await pause(OVER_MS + 1_000)
    relay.silence(false)
  },

  'a gateway hears nothing for less than its lease': async ({ fleet, lock, pause }) => {
    const { relay } = fleet.posts[0]!
    relay.silence(true)
    await lock()
    await pause(2_000)
    relay.silence(false)
  },

  'everything arrives late': async ({ fleet, lock, pause }) => {
    for (const { relay } of fleet.posts) relay.delay(400)
    await pause(1_000)
    await lock()
    await pause(2_000)
    for (const { relay } of fleet.posts) relay.delay(0)
  },

  'connections break again and again': async ({ fleet, lock, pause }) => {
    for (let n = 0; n < 10; n++) {
      for (const { relay } of fleet.posts) relay.break()
      await pause(150)
      if (n === 5) await lock()
    }
  },

  'control is killed after the lock': async ({ fleet, lock }) => {
    await lock()
    await fleet.server.end('SIGKILL')
    await fleet.serve()
  },

  'control is killed under way, and locks when it is back': async ({ fleet, lock }) => {
    await fleet.server.end('SIGKILL')
    await fleet.serve()
    await lock()
  },

  'control is paused for longer than the lease': async ({ fleet, lock, pause }) => {
    const locked = lock()
    await pause(5)
    fleet.server.kill('SIGSTOP')
    await pause(OVER_MS)
    fleet.server.kill('SIGCONT')
    await locked
  },

  'control ends in order, and another one starts': async ({ fleet, lock }) => {
    await fleet.server.end('SIGTERM')
    await fleet.serve()
    await lock()
  },

  'everything is killed': async ({ fleet, lock }) => {
    await Promise.all([
      fleet.server.end('SIGKILL'),
      ...fleet.posts.map(({ program }) => program.end('SIGKILL')),
    ])
    await fleet.serve()
    const back = Promise.all(fleet.posts.map((post) => fleet.again(post)))
    await lock()
    await back
  },

  'all at once': async ({ fleet, lock, pause }) => {
    const [first, second, third] = fleet.posts as [Post, Post, Post]
    first.program.kill('SIGSTOP')
    second.relay.silence(true)
    const back = killed(fleet, third)
    await lock()
    await pause(OVER_MS)
    first.program.kill('SIGCONT')
    second.relay.silence(false)
    await back
    await fleet.server.end('SIGKILL')
    await fleet.serve()
  },

  'the database restarts': async ({ lock, restartDatabase }) => {
    await restartDatabase?.()
    await lock()
  },
}
