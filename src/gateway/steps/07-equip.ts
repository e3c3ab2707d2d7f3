// Holds the seventh step: credentials for this one call, and the way to the system made ready with them (INV-3).

import { publicFault } from '../../std/fault.ts'
import type { Call } from '../call.ts'
import { isDenial, type Denial } from '../denial.ts'
import type { Equipment } from '../equipment.ts'
import type { Operation } from '../operation.ts'
import type { Ports } from '../ports.ts'

/** A failure to equip, in the words of the layer that failed. */
function failure(error: unknown): Denial {
  const { code, detail, next } = publicFault(error)
  return { denied: true, code, detail, next }
}

/** What the call goes out with. A system that is no longer what was pinned is not called, however it is named. */
export async function equip(
  call: Call,
  operation: Pick<Operation<unknown>, 'ready'>,
  ports: Pick<Ports, 'credentials'>,
): Promise<Equipment | Denial> {
  let equipment: Equipment
  try {
    equipment = await ports.credentials.equip(call)
  } catch (error) {
    return failure(error)
  }
  try {
    const refused = await operation.ready(call, equipment)
    if (!isDenial(refused)) return equipment
    void equipment.conclude?.()
    return refused
  } catch (error) {
    void equipment.conclude?.()
    return failure(error)
  }
}
