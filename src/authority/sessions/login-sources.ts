// Holds the identity providers at which people sign in: the trust sources of the kind `login`.

import { fromBase64url } from '../../std/bytes.ts'
import type { TrustSource } from '../../store/rows/trust-source.ts'
import type { AuthorityPorts } from '../ports.ts'

/** A source of logins. */
export type LoginSource = TrustSource & { readonly kind: 'login' }

/** The sources of logins that are trusted now, by name. */
export class LoginSources {
  readonly #ports: Pick<AuthorityPorts, 'keys' | 'store'>
  readonly #byName = new Map<string, LoginSource>()

  private constructor(ports: Pick<AuthorityPorts, 'keys' | 'store'>) {
    this.#ports = ports
  }

  /** Reads every source of logins whose row verifies. */
  static async load(ports: Pick<AuthorityPorts, 'keys' | 'store'>): Promise<LoginSources> {
    const sources = new LoginSources(ports)
    for (const { doc } of await ports.store.trustSources.all()) sources.show(doc)
    return sources
  }

  /** Takes a source as it is now. */
  show(source: TrustSource): void {
    if (source.kind === 'login' && source.state === 'active') {
      this.#byName.set(source.name, { ...source, kind: 'login' })
    } else this.#byName.delete(source.name)
  }

  get(name: string): LoginSource | undefined {
    return this.#byName.get(name)
  }

  /** By name. */
  list(): readonly LoginSource[] {
    return [...this.#byName.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Our secret at the provider; undefined where it asks for none. Throws `keys.unsealable` where it was changed. */
  secretOf(name: string): string | undefined {
    const sealed = this.#byName.get(name)?.sealedSecret
    if (sealed === undefined) return undefined
    const bytes = fromBase64url(sealed) ?? new Uint8Array()
    return Buffer.from(this.#ports.keys.encryption.open(bytes, loginSecretContext(name))).toString()
  }
}

/** What the secret of a source is sealed for. */
export function loginSecretContext(source: string): string {
  return `login/${source}`
}
