// Holds the systems: what agents call, pinned by a person as it was shown to them.

import { faults } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { PinnedSystem } from '../../store/rows/system.ts'
import type { Held } from '../../store/signed-table.ts'
import type { ActionDefinition, SystemDefinition } from '../../wire/system.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { Turns } from '../turns.ts'
import { checkName, unknownName } from './name.ts'

const fault = faults(AUTHORITY_FAULTS)

/** Where agents and systems are that name no environment. */
const DEFAULT_ENVIRONMENT = 'default'

/** Who pins, why, and where the system belongs. */
export interface PinWord {
  /** Person id. */
  readonly person: string
  readonly reason: string
  /** Absent: the one that it has already. */
  readonly environment?: string
  /** What the policies in force know of it, where they do not hold with the new definition. */
  readonly before?: SystemDefinition
}

/** The pinned systems. Reading is synchronous, from memory. */
export class Systems {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<PinnedSystem>>()
  readonly #listeners = new Set<(definition: SystemDefinition) => void>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads every system whose row verifies. */
  static async load(ports: AuthorityPorts): Promise<Systems> {
    const systems = new Systems(ports)
    for (const held of await ports.store.systems.all()) {
      systems.#held.set(held.doc.definition.name, held)
    }
    return systems
  }

  /** The definition in force. */
  get(name: string): SystemDefinition | undefined {
    return this.#held.get(name)?.doc.definition
  }

  /** The pinned system of a name; throws `system.unknown` with what may have been meant. */
  find(name: string): PinnedSystem {
    const held = this.#held.get(name)
    if (held === undefined) {
      throw fault('system.unknown', `the system ${unknownName(name, this.#held.keys())}`)
    }
    return held.doc
  }

  /** The environment of a system; `default` for one that names none, and for one that nobody pinned. */
  environmentOf(name: string): string {
    return this.#held.get(name)?.doc.environment ?? DEFAULT_ENVIRONMENT
  }

  /** All pinned systems, by name. */
  list(): readonly PinnedSystem[] {
    return [...this.#held.values()]
      .map(({ doc }) => doc)
      .sort((a, b) => (a.definition.name < b.definition.name ? -1 : 1))
  }

  /** The definitions of all of them, by name. */
  all(): readonly SystemDefinition[] {
    return this.list().map(({ definition }) => definition)
  }

  /** Calls back synchronously after a definition is in force. Returns the way to stop listening. */
  onChange(listener: (definition: SystemDefinition) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Pins a definition on a person's word, in place of an earlier one of the same name. */
  pin(
    definition: SystemDefinition,
    { person, reason, environment: named, before: known }: PinWord,
  ): Promise<PinnedSystem> {
    return this.#turns.run(async () => {
      checkName('a system', definition.name)
      if (named !== undefined) checkName('an environment', named)
      const why = checkedReason(reason)
      const before = this.#held.get(definition.name)
      const environment = named ?? before?.doc.environment
      const receipt = await this.#ports.audit.append({
        type: 'system.pinned',
        phase: 'admin',
        person,
        system: definition.name,
        body: {
          ...pinnedBody(definition, why, before?.doc.definition.digest),
          environment: environment ?? DEFAULT_ENVIRONMENT,
          ...(known !== undefined && { isolated: true }),
        },
      })
      const doc: PinnedSystem = {
        definition,
        ...(environment !== undefined && { environment }),
        ...(known !== undefined && { before: known }),
        person,
        reason: why,
        pinnedAt: this.#ports.clock.now(),
      }
      const { systems } = this.#ports.store
      const held = await (before === undefined
        ? systems.insert(doc, receipt)
        : systems.replace(before, doc, receipt))
      this.#held.set(definition.name, held)
      for (const listener of this.#listeners) listener(definition)
      return doc
    })
  }
}

/** Digests and labels only: descriptions and schemas are the upstream's text, and stand in the row. */
function pinnedBody(definition: SystemDefinition, reason: string, before?: string): JsonObject {
  return {
    digest: definition.digest,
    ...(before === undefined ? {} : { before }),
    reason,
    actions: definition.actions.map(({ name, digest, effects, labels, measures, triggers }) => ({
      name,
      digest,
      effects: [...effects],
      ...(labels !== undefined && { labels: [...labels] }),
      ...(measures !== undefined && { measures: measured(measures) }),
      ...(triggers !== undefined && { triggers: [...triggers] }),
    })),
  }
}

function measured({ money, recipients }: NonNullable<ActionDefinition['measures']>): JsonObject {
  return {
    ...(money !== undefined && { money }),
    ...(recipients !== undefined && { recipients: [...recipients] }),
  }
}
