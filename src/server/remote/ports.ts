// Holds the ports of a gateway that runs on its own: views that control keeps up, and questions that control answers.

import { createHmac } from 'node:crypto'
import type { AskPort, SurfacePorts, WatchPort } from '../../gateway/ports.ts'
import type { Clock } from '../../std/clock.ts'
import { EntropyPool } from '../../std/entropy-pool.ts'
import type { Entropy } from '../../std/entropy.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { RemoteActors } from './actors.ts'
import type { Control } from './control.ts'
import type { RemoteLocks } from './locks.ts'
import { RemotePins } from './pins.ts'
import type { RemotePolicy } from './policy.ts'
import type { RemoteSystems } from './systems.ts'

/** What the ports are filled from. */
export interface RemoteViews {
  readonly control: Pick<Control, 'ask' | 'tell'>
  readonly actors: RemoteActors
  readonly locks: RemoteLocks
  readonly policy: RemotePolicy
  readonly systems: RemoteSystems
  readonly clock: Clock
  readonly entropy: Entropy
  /** A key of this gateway alone, for what it gives out and takes back itself. */
  readonly secret: Uint8Array
  readonly note: WatchPort['note']
}

/** Fills the ports. */
export function remotePorts(views: RemoteViews): SurfacePorts {
  const { actors, clock, control, entropy, locks, note, policy, secret, systems } = views
  const tell = (name: string, params: JsonObject): void => control.tell(name, params)
  return {
    clock,
    entropy: new EntropyPool(entropy),
    identities: actors,
    locks,
    systems,
    policy: policy.port,
    pins: new RemotePins(tell),
    asks: remoteAsks(views),
    // What may be seen is asked of control as a whole, observed or not.
    observing: { observed: () => false },
    effects: {
      of: () => ({ triggers: [], triggered: [] }),
      arrived: (at, system, action) => {
        tell('arrived', { ...at, system, action })
        return undefined
      },
    },
    commitments: {
      commit: (text, person = '') => {
        const mac = createHmac('sha256', secret).update(`${person}\n${text}`)
        return `hmac-sha256:${mac.digest('base64url')}`
      },
    },
    // Control has them: `bailiwick audit proof` shows one of any record.
    receipts: { of: () => undefined },
    watch: { refused: (kind) => tell('refused', { kind }), note },
    observe: (seen) => {
      if (seen.kind !== 'credential-used' && seen.kind !== 'dpop-replayed') return
      const { agent, instance, place } = seen
      const credential = seen.kind === 'credential-used' ? { credential: seen.credential } : {}
      tell('used', { agent, instance, place, ...credential })
    },
  }
}

/** What systems ask back is decided and recorded by control. */
function remoteAsks({ actors, control }: RemoteViews): AskPort {
  const by = (actor: Actor, system: string) => ({ presented: actors.presentedBy(actor), system })
  return {
    refuses: async (actor, { name }, question) => {
      const asked = { ...by(actor, name), ...question } as unknown as JsonObject
      const said = await control.ask('question', asked)
      const reason = isObject(said) ? said['reason'] : 'control did not say'
      return typeof reason === 'string' ? reason : undefined
    },
    answered: (actor, { name }, method, status) => {
      control.tell('answered', { ...by(actor, name), method, status } as unknown as JsonObject)
    },
  }
}
