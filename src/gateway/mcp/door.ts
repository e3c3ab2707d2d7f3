// Holds the two kinds of endpoint: the door of one system, with its own names, and the door that joins every system that a caller may see.

import type { Actor } from '../../wire/actor.ts'
import type { SystemDefinition } from '../../wire/system.ts'
import type { SurfacePorts } from '../ports.ts'
import type { ServerInfo } from './dress.ts'
import { mayCallOf, type SeeingPorts } from './may-call.ts'
import { joinedNames, OWN_NAMES, readJoinedName, readJoinedUri, type Naming } from './naming.ts'

/** Something that a client named, with the system that has it. */
export interface Found {
  readonly system: SystemDefinition
  /** As the system itself calls it. */
  readonly own: string
}

/** What an endpoint leads to. */
export interface Door {
  /** Name of the system; nothing where several are joined. */
  readonly name: string
  readonly info: ServerInfo
  /** What stands behind it, of which the caller may see any. */
  systems(actor: Actor): Iterable<SystemDefinition>
  /** How the names of one of them look here. */
  names(system: SystemDefinition): Naming
  /** Whose tool, prompt or task this is; undefined: of nobody here. */
  named(name: string): Found | undefined
  /** Whose resource this is. */
  addressed(uri: string): Found | undefined
}

const doors = new WeakMap<SystemDefinition, Door>()

/** The door of one system. */
export function ownDoor(system: SystemDefinition): Door {
  const known = doors.get(system)
  if (known !== undefined) return known
  const door = openDoor(system)
  doors.set(system, door)
  return door
}

function openDoor(system: SystemDefinition): Door {
  const found = (own: string): Found => ({ system, own })
  return {
    name: system.name,
    info: { name: `bailiwick/${system.name}`, version: system.server.version },
    systems: () => [system],
    names: () => OWN_NAMES,
    named: found,
    addressed: found,
  }
}

/** The door to all. What nobody registered leads nowhere; what a caller may not see is refused as any call is, by the spine. */
export function joinedDoor(ports: SeeingPorts & Pick<SurfacePorts, 'systems'>): Door {
  const found = (read: { readonly system: string; readonly own: string } | undefined) => {
    const system = read === undefined ? undefined : ports.systems.get(read.system)
    return read === undefined || system === undefined ? undefined : { system, own: read.own }
  }
  return {
    name: '',
    info: { name: 'bailiwick', version: '1' },
    *systems(actor) {
      for (const system of ports.systems.all()) {
        if (system.actions.some(mayCallOf(actor, system, ports))) yield system
      }
    },
    names: ({ name }) => joinedNames(name),
    named: (name) => found(readJoinedName(name)),
    addressed: (uri) => found(readJoinedUri(uri)),
  }
}
