// Holds the names of systems that servers become: their own where that can be, told apart where it cannot.

import { isName } from '../../std/id.ts'
import type { System } from '../../wire/api/system.ts'
import type { Reached } from './server-entry.ts'

/** Room for a number behind a name. */
const MOST = 56

/** The name of a server as a name of a system: small letters, digits, single hyphens, whatever it was. */
export function systemName(server: string): string {
  const name = server
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, MOST)
    .replaceAll(/^-+|-+$/g, '')
  return isName(name) ? name : 'server'
}

/** What makes a server the one that it is. */
function identityOf(transport: Reached | System['transport']): string {
  if (transport.kind === 'stdio') {
    const { command, args, cwd } = transport
    return JSON.stringify(['stdio', command, args, cwd ?? null])
  }
  return JSON.stringify([transport.kind, 'url' in transport ? transport.url : null])
}

/** Gives servers their names: one that is registered already, or was named before, is the same system. */
export class SystemNames {
  readonly #taken = new Map<string, string>()

  /** `inUse` are those that other files go through: their credentials are not to be replaced by those of another file. */
  constructor(systems: readonly Pick<System, 'name' | 'transport'>[], inUse: ReadonlySet<string>) {
    for (const { name, transport } of systems) {
      const held = transport.kind === 'stdio' ? transport.env.length : 1
      const own = inUse.has(name) && held > 0 ? ` of ${name}` : ''
      this.#taken.set(name, identityOf(transport) + own)
    }
  }

  /** The name for a server; two that are reached in the same way, with the same values, share one. */
  give(server: string, transport: Reached, values: readonly (readonly [string, string])[]): string {
    const identity = identityOf(transport)
    // Two entries with other keys to the same program are two systems: each has its own credentials.
    const whole = values.length === 0 ? identity : `${identity} ${JSON.stringify(values)}`
    const wanted = systemName(server)
    for (let count = 1; ; count++) {
      const name = count === 1 ? wanted : `${wanted}-${count}`
      const holder = this.#taken.get(name)
      if (holder === undefined || holder === identity || holder === whole) {
        this.#taken.set(name, whole)
        return name
      }
    }
  }
}
