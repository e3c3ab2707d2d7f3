// Holds the name of an agent that nobody named: made from the host of its client.

import { hex, sha256 } from '../../std/bytes.ts'

/** A name from the host of a client identifier; where it is taken, with a piece of the identifier's hash. */
export function agentNameFor(client: string, taken: (name: string) => boolean): string {
  const host = new URL(client).hostname
  const plain = host
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, 40)
    .replace(/-+$/, '')
  const name = plain === '' ? 'client' : plain
  return taken(name) ? `${name}-${hex(sha256(client)).slice(0, 8)}` : name
}
