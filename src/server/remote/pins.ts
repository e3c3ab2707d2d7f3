// Holds the pins at a gateway: what a system shows is held against them here, where it is reached, and told to control, where people look.

import { gatewayFault } from '../../gateway/faults.ts'
import type { PinPort } from '../../gateway/ports.ts'
import { definedBy, type Described } from '../../gateway/upstream/definition.ts'
import { differences, sameServer } from '../../gateway/upstream/difference.ts'
import { driftOf, type Drift } from '../../gateway/upstream/drift.ts'
import type { PeerCheck } from '../../gateway/upstream/peer.ts'
import { programIdentity } from '../../gateway/upstream/program.ts'
import type { JsonObject } from '../../std/json.ts'
import type { ServerIdentity, SystemDefinition } from '../../wire/system.ts'

/** Tells control. */
type Tell = (name: string, params: JsonObject) => void

/** Fills the port at a gateway. */
export class RemotePins implements PinPort {
  readonly #tell: Tell

  constructor(tell: Tell) {
    this.#tell = tell
  }

  async admits(system: SystemDefinition): Promise<void> {
    const { identity, transport } = system
    if (transport.kind !== 'stdio' || identity === undefined) return
    const now = await programIdentity(transport)
    if (sameServer(identity, now)) return
    this.stranger(system, now)
    throw gatewayFault(
      'resolve.quarantined',
      `the program of ${system.name} at this gateway is not the one that was pinned`,
    )
  }

  peer(system: SystemDefinition): PeerCheck | undefined {
    const { identity, name } = system
    if (identity?.kind !== 'certificate') return undefined
    return {
      key: `${name} ${identity.host} ${identity.chain.at(-1) ?? ''}`,
      check: (chain) => {
        const now: ServerIdentity = { ...identity, chain: [...chain] }
        if (sameServer(identity, now)) return undefined
        this.stranger(system, now)
        return gatewayFault(
          'resolve.quarantined',
          `another authority than the one that was pinned vouches for ${name}`,
        )
      },
    }
  }

  showed(system: SystemDefinition, described: Described): Drift | undefined {
    const found = differences(system, definedBy(system, described, system.identity))
    if (found.length === 0) return undefined
    const { digest, name } = system
    this.#tell('showed', { system: name, digest, described: described as unknown as JsonObject })
    // What may pass is control's to say, and then it pins anew: until then it stops here.
    return driftOf(found)
  }

  stranger({ digest, name }: SystemDefinition, now: ServerIdentity): undefined {
    const identity = now as unknown as JsonObject
    this.#tell('stranger', { system: name, digest, identity })
  }

  /** Decided by control at every call. */
  quarantined(): boolean {
    return false
  }
}
