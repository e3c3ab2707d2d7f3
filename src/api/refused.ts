// Holds the recording of refusals: what somebody tried who is known and was not let, or could not be taken at its word.

import { publicFault } from '../std/fault.ts'
import type { JsonObject } from '../std/json.ts'
import type { Route } from './access.ts'
import type { ControlPorts } from './ports.ts'

/** Refusals of one party that are recorded one by one within a minute; those beyond are counted, and the next record says how many. */
const EACH_MINUTE = 60
const MINUTE_MS = 60_000
/** Parties that are remembered: people and enforcers are few. */
const PARTIES = 10_000

/** Who was refused: a person, or a registered enforcer. */
export interface RefusedParty {
  readonly person?: string
  readonly enforcer?: string
}

interface Tally {
  readonly since: number
  recorded: number
  left: number
}

/** Records refusals of the authenticated. Whoever is nobody is counted elsewhere. */
export class Refusals {
  readonly #ports: Pick<ControlPorts, 'audit' | 'clock' | 'failed'>
  readonly #tallies = new Map<string, Tally>()

  constructor(ports: Pick<ControlPorts, 'audit' | 'clock' | 'failed'>) {
    this.#ports = ports
  }

  /** Records that a request of a route was refused. Never rejects: a refusal is none the less one. */
  async note(route: Route, { enforcer, person }: RefusedParty, error: unknown): Promise<void> {
    const left = this.#take(`${person ?? ''} ${enforcer ?? ''}`)
    if (left === undefined) return
    const { code, status } = publicFault(error)
    const body: JsonObject = {
      route,
      code,
      status,
      ...(enforcer !== undefined && { enforcer }),
      ...(left > 0 && { not_recorded: left }),
    }
    const of = person === undefined ? {} : { person }
    try {
      await this.#ports.audit.append({ type: 'request.refused', phase: 'admin', ...of, body })
    } catch (failure) {
      this.#ports.failed(failure, '')
    }
  }

  /** How many were left out before this one; undefined where it is left out itself. */
  #take(party: string): number | undefined {
    const now = this.#ports.clock.monotonic()
    const known = this.#tallies.get(party)
    if (known === undefined || now - known.since >= MINUTE_MS) {
      if (this.#tallies.size >= PARTIES) this.#tallies.clear()
      this.#tallies.set(party, { since: now, recorded: 1, left: 0 })
      return known?.left ?? 0
    }
    if (known.recorded >= EACH_MINUTE) {
      known.left += 1
      return undefined
    }
    known.recorded += 1
    return 0
  }
}
