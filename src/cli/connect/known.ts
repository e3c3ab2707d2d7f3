// Holds what a command starts from: where it looks, and which client is meant.

import type { Context } from '../context.ts'
import { clientNamed, type Client, type Surroundings } from './clients.ts'
import { fault } from './faults.ts'

/** Where a command looks. */
export function surroundings({ shell }: Context): Surroundings {
  return { env: shell.env, cwd: shell.cwd, platform: process.platform }
}

/** The client of a name. Throws `connect.client`. */
export function knownClient(name: string): Client {
  const client = clientNamed(name)
  if (client !== undefined) return client
  throw fault('connect.client', `\`${name.slice(0, 64)}\` is no client that is known`)
}
