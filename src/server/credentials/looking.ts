// Holds what a system is looked at with before anybody pinned it: the values that a person has just given, and that person's own consent.

import type { Clock } from '../../std/clock.ts'
import { NOTHING_EQUIPPED, type Equipment } from '../../gateway/equipment.ts'
import type { McpTransport, StdioTransport } from '../../wire/system.ts'
import { equipped } from '../equipment.ts'
import type { EquipParts, Personal } from './equipping.ts'
import { credentialFault } from './faults.ts'
import { together, type CredentialSources, type Opened } from './source.ts'

/** How long a system that is looked at can be consented to (ms). */
const LIFE_MS = 900_000
/** Systems that are being looked at. */
const MOST = 100

/** A look at a system. */
export interface Look {
  readonly system: string
  readonly transport: StdioTransport | McpTransport
  /** Values by name; one that is missing is what is stored already. */
  readonly values: Readonly<Record<string, string>>
  /** Person id of who looks. */
  readonly person: string
}

type Opens = (name: string) => Opened | Promise<Opened>

/**
 * Systems that are called as their users and that somebody looks at for the first time: who looks consents before there is a pin. For
 * that person alone, and for minutes; in memory.
 */
export class Candidates {
  readonly #clock: Clock
  readonly #kept = new Map<string, { readonly personal: Personal; readonly until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Keeps what a person looks at. */
  put(person: string, personal: Personal): void {
    const key = keyOf(person, personal.system)
    this.#kept.delete(key)
    for (const old of this.#kept.keys()) {
      if (this.#kept.size < MOST) break
      this.#kept.delete(old)
    }
    this.#kept.set(key, { personal, until: this.#clock.monotonic() + LIFE_MS })
  }

  /** What a person looks at under this name. */
  get(person: string, system: string): Personal | undefined {
    const found = this.#kept.get(keyOf(person, system))
    return found !== undefined && this.#clock.monotonic() < found.until ? found.personal : undefined
  }
}

/** Equips a look. Rejects with `credential.*`; `credential.consent_needed` names where whoever looks consents. */
export async function equipLook(
  of: Look,
  using: {
    readonly parts: EquipParts
    readonly sources: Pick<CredentialSources, 'open'>
    readonly has: (system: string, name: string) => boolean
    readonly candidates: Candidates
    readonly spiffeId: string
    /** Where the system that is pinned under a name is; undefined: nowhere. */
    readonly origin: (system: string) => string | undefined
  },
): Promise<Equipment> {
  const { system, transport, values, person } = of
  const { parts, sources, has, spiffeId } = using
  const open: Opens = (name) => {
    if (Object.hasOwn(values, name)) return { value: values[name]!, id: `given:${name}` }
    // What was stored for one address is not sent to another because somebody looks there under the same name.
    if (transport.kind === 'mcp' && using.origin(system) !== new URL(transport.url).origin) {
      throw credentialFault('credential.missing', `${name} is not given for ${transport.url}`)
    }
    return sources.open({ system, name, perCall: false, signal: undefined })
  }
  if (transport.kind === 'stdio') {
    const names = transport.env.filter((name) => Object.hasOwn(values, name) || has(system, name))
    return environment(names, await together(names.map(open)))
  }
  const { auth } = transport
  if (auth.kind === 'user') using.candidates.put(person, { system, transport, auth, open })
  const who = { spiffeId, person }
  return equipped(auth, { system, transport, who, signal: undefined, parts, open, shared: open })
}

function environment(names: readonly string[], values: readonly Opened[]): Equipment {
  return {
    ...NOTHING_EQUIPPED,
    environment: Object.fromEntries(names.map((name, at) => [name, values[at]!.value])),
    secrets: values.map(({ value }) => value),
  }
}

/** What a person is looking at, else what is pinned under this name. */
export function personalTo(
  of: {
    readonly candidates: Candidates
    readonly pinned: (system: string) => Personal | undefined
  },
  system: string,
  person: string,
): Personal | undefined {
  return of.candidates.get(person, system) ?? of.pinned(system)
}

function keyOf(person: string, system: string): string {
  return `${person}\n${system}`
}
