// Holds how a person is named to people: records hold ids, screens show names.

import type { ControlPorts } from '../ports.ts'

type Registry = Pick<ControlPorts['authority'], 'people'>

/** The name of a person id; the id itself where the registry knows none. */
export function personName({ people }: Registry, id: string): string {
  return people.known(id)?.name ?? id
}
