// Holds the secrets: environment values of systems, sealed at rest, opened only to start an upstream (INV-3).

import { base64url, fromBase64url, utf8 } from '../../std/bytes.ts'
import { faults } from '../../std/fault.ts'
import type { Secret } from '../../store/rows/secret.ts'
import type { Held } from '../../store/signed-table.ts'
import { AUTHORITY_FAULTS } from '../faults.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkName } from '../registry/name.ts'
import { Turns } from '../turns.ts'

const fault = faults(AUTHORITY_FAULTS)
const decoder = new TextDecoder('utf-8', { fatal: true })

/** The sealed values. In memory they stay sealed; only `open` shows them, to whoever starts the system. */
export class Secrets {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Map<string, Held<Secret>>>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads every secret whose row verifies. */
  static async load(ports: AuthorityPorts): Promise<Secrets> {
    const secrets = new Secrets(ports)
    for (const held of await ports.store.secrets.all()) secrets.#show(held)
    return secrets
  }

  /** Stores a value, in place of an earlier one. The record names it and says nothing of it. */
  put(
    system: string,
    name: string,
    value: string,
    { person }: { readonly person: string },
  ): Promise<void> {
    return this.#turns.run(async () => {
      checkName('a system', system)
      if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
        throw fault('secret.name', 'this is not the name of an environment variable')
      }
      if (value.includes('\0')) {
        throw fault('secret.value', 'an environment variable cannot hold a NUL character')
      }
      const { keys, audit, clock, store } = this.#ports
      const sealed = base64url(keys.encryption.seal(utf8(value), context(system, name)))
      const doc: Secret = { system, name, sealed, person, storedAt: clock.now() }
      const receipt = await audit.append({
        type: 'secret.stored',
        phase: 'admin',
        person,
        system,
        body: { name },
      })
      const before = this.#held.get(system)?.get(name)
      const held = await (before === undefined
        ? store.secrets.insert(doc, receipt)
        : store.secrets.replace(before, doc, receipt))
      this.#show(held)
    })
  }

  /** Names that have a value, sorted. */
  names(system: string): readonly string[] {
    return [...(this.#held.get(system)?.keys() ?? [])].sort()
  }

  /** The values of a system, in clear. Throws `keys.unsealable` when one was changed. */
  open(system: string): Readonly<Record<string, string>> {
    const values = Object.create(null) as Record<string, string>
    for (const [name, { doc }] of this.#held.get(system) ?? []) {
      const sealed = fromBase64url(doc.sealed) ?? new Uint8Array()
      values[name] = decoder.decode(this.#ports.keys.encryption.open(sealed, context(system, name)))
    }
    return values
  }

  #show(held: Held<Secret>): void {
    const { system, name } = held.doc
    const values = this.#held.get(system) ?? new Map<string, Held<Secret>>()
    values.set(name, held)
    this.#held.set(system, values)
  }
}

/** A value sealed for one variable of one system opens for no other. */
function context(system: string, name: string): string {
  return `secret/${system}/${name}`
}
