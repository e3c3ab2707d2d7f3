// Holds what a gateway knows of policy: which actions a caller may see, as control said a moment ago. Decisions are control's alone.

import type { SurfacePorts } from '../../gateway/ports.ts'
import type { Clock } from '../../std/clock.ts'
import { isObject, type JsonObject } from '../../std/json.ts'
import type { Actor } from '../../wire/actor.ts'
import type { DecisionRequest } from '../../wire/decision.ts'
import type { RemoteActors } from './actors.ts'
import type { Control } from './control.ts'

/** For how long what was said is taken without asking again (ms). */
const FRESH_MS = 1_000
/** Callers whose view is remembered; the oldest goes first. */
const MOST = 5_000

interface Seen {
  readonly at: number
  readonly actions: ReadonlySet<string>
}

/** What is visible at a gateway. */
export class RemotePolicy {
  readonly #control: Pick<Control, 'ask'>
  readonly #actors: Pick<RemoteActors, 'presentedBy'>
  readonly #clock: Clock
  /** By caller and system. */
  readonly #seen = new Map<string, Seen>()

  constructor(
    control: Pick<Control, 'ask'>,
    actors: Pick<RemoteActors, 'presentedBy'>,
    clock: Clock,
  ) {
    this.#control = control
    this.#actors = actors
    this.#clock = clock
  }

  /** Fills the port. */
  get port(): SurfacePorts['policy'] {
    return {
      // Control leaves out of what may be seen whatever is isolated, and denies it.
      isolation: () => undefined,
      mayCall: (request) =>
        this.#seen
          .get(keyOf(request.agent.instance, request, request.system))
          ?.actions.has(request.action) === true,
      prepare: (actor, systems) => this.#prepare(actor, systems),
    }
  }

  /** Everything may be different. */
  changed(): void {
    this.#seen.clear()
  }

  #prepare(actor: Actor, systems: readonly string[]): Promise<void> | undefined {
    const now = this.#clock.monotonic()
    const facts = factsOf(actor)
    const wanted = systems.filter((system) => {
      const at = this.#seen.get(keyOf(actor.instance, facts, system))?.at ?? -Infinity
      return now - at >= FRESH_MS
    })
    return wanted.length === 0 ? undefined : this.#ask(actor, wanted, now)
  }

  /** What cannot be asked is seen by nobody. */
  async #ask(actor: Actor, systems: readonly string[], at: number): Promise<void> {
    const presented = this.#actors.presentedBy(actor)
    const asked = { presented, systems: [...systems] } as unknown as JsonObject
    const said = await this.#control.ask('see', asked).catch(() => null)
    for (const system of systems) {
      const actions = isObject(said) ? said[system] : undefined
      const key = keyOf(actor.instance, factsOf(actor), system)
      const oldest = this.#seen.keys().next().value
      if (this.#seen.size >= MOST && oldest !== undefined) this.#seen.delete(oldest)
      this.#seen.set(key, {
        at,
        actions: new Set(Array.isArray(actions) ? actions.map(String) : []),
      })
    }
  }
}

type Facts = Pick<DecisionRequest, 'person' | 'task'>

function factsOf(actor: Actor): Facts {
  const { delegation, task } = actor
  return {
    ...(delegation !== undefined &&
      delegation.person !== '' && { person: { id: delegation.person, roles: [] } }),
    ...(task !== undefined && { task }),
  }
}

/** An instance sees the same by whatever credential: its scopes are looked at where it is listed. */
function keyOf(instance: string, { person, task }: Facts, system: string): string {
  return `${instance} ${person?.id ?? ''} ${task?.id ?? ''} ${system}`
}
