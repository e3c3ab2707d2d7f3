// Holds the machine's own resolver, asked once at a time for each name.

import { lookup } from 'node:dns/promises'
import type { Address, Resolve } from './reach.ts'

/** Addresses of one name that are looked at; a name with more is no name of a system. */
const MAX_ADDRESSES = 32

async function resolveHost(host: string): Promise<readonly Address[]> {
  const found = await lookup(host, { all: true, order: 'verbatim' })
  return found
    .slice(0, MAX_ADDRESSES)
    .map(({ address, family }) => ({ address, family: family === 6 ? 6 : 4 }))
}

/**
 * One look-up at a time for each name: who asks while one is under way gets its answer. A name server that does not answer then holds
 * one thread of the few that look up, and not all. Nothing is kept: the next connection asks anew.
 */
export function single(resolve: Resolve = resolveHost): Resolve {
  const under = new Map<string, Promise<readonly Address[]>>()
  return (host) => {
    const known = under.get(host)
    if (known !== undefined) return known
    const asked = resolve(host).finally(() => under.delete(host))
    under.set(host, asked)
    return asked
  }
}
