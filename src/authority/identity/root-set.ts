// Holds the roots that are trusted now, in memory: which one signs, which one our listeners show, and who is told of changes.

import type { Clock } from '../../std/clock.ts'
import { fault } from './faults.ts'
import type { Root, TrustedRoot } from './root.ts'
import { served, signing } from './root-plan.ts'

/** The view that everybody asks; whoever moves roots on shows it here. */
export class RootSet {
  readonly #of: { readonly trustDomain: string; readonly clock: Clock }
  readonly #listeners = new Set<() => void>()
  #trusted: readonly TrustedRoot[] = []
  #active: Root | undefined

  protected constructor(of: { readonly trustDomain: string; readonly clock: Clock }) {
    this.#of = of
  }

  get trustDomain(): string {
    return this.#of.trustDomain
  }

  /** The root that signs now. */
  get active(): Root {
    if (this.#active === undefined) throw fault('identity.no_root', 'no root can sign')
    return this.#active
  }

  /** The root whose leaves our listeners show, and join tokens pin: the one before, until its holders know the new one. */
  get serving(): Root {
    const root = served(this.#trusted, this.active, this.#of.clock.now())
    return this.#signs(root) ?? this.active
  }

  /** Every root that leaves are accepted from, in the order of their places. */
  get trusted(): readonly TrustedRoot[] {
    return this.#trusted
  }

  /** True for the fingerprint of a root that is trusted now; without one, of the first root there was. */
  trusts(fingerprint: string | undefined): boolean {
    return this.#trusted.some((root) =>
      fingerprint === undefined ? root.place === 1 : root.fingerprint === fingerprint,
    )
  }

  /** A trusted root that can still sign, by its fingerprint. */
  signing(fingerprint: string): Root | undefined {
    const found = this.#trusted.find((root) => root.fingerprint === fingerprint)
    return found === undefined ? undefined : this.#signs(found)
  }

  /** Certificates of all trusted roots, PEM. */
  pems(): string {
    return this.#trusted.map((root) => root.pem).join('')
  }

  /** Told after the roots, or the token key, have changed. The answer stops listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Makes these the roots that are trusted, in the order of their places. */
  protected show(trusted: readonly TrustedRoot[]): void {
    const active = signing(trusted, this.#of.clock.now())
    this.#trusted = trusted
    this.#active = active === undefined ? undefined : this.#signs(active)
    this.changed()
  }

  /** Tells everybody who listens. */
  protected changed(): void {
    for (const listener of this.#listeners) listener()
  }

  #signs(root: TrustedRoot): Root | undefined {
    return root.issuer === undefined
      ? undefined
      : { ...root, trustDomain: this.trustDomain, issuer: root.issuer }
  }
}
