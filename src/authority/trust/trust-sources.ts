// Holds the trust sources: issuers and certificate authorities of others whose word counts here, and for what.

import { X509Certificate } from 'node:crypto'
import { base64url, utf8 } from '../../std/bytes.ts'
import { pem, readPem } from '../../std/pem.ts'
import type { TrustSource } from '../../store/rows/trust-source.ts'
import type { Held } from '../../store/signed-table.ts'
import type { AttestorName } from '../identity/attest/attested.ts'
import type { AuthorityPorts } from '../ports.ts'
import { checkedReason } from '../reason.ts'
import { checkName } from '../registry/name.ts'
import { loginSecretContext } from '../sessions/login-sources.ts'
import { Turns } from '../turns.ts'
import { trustFault } from './faults.ts'
import { checkedIssuer } from './issuer.ts'

const MAX_AUTHORITIES = 16
const MAX_AUDIENCE = 512
const MAX_GROUPS = 256
const ATTESTORS: Readonly<Record<TrustSource['kind'], AttestorName | undefined>> = {
  'attest-oidc': 'oidc',
  'attest-x509': 'x509pop',
  login: undefined,
  signals: undefined,
}

/** What a person says of a source. */
export interface NewTrustSource {
  readonly name: string
  readonly kind: TrustSource['kind']
  readonly issuer?: string
  readonly audience?: string
  /** PEM: whom the certificates of a fleet lead to; of an issuer, whom its own server's does, where that is not public. */
  readonly certificates?: string
  readonly clientSecret?: string
  /** Of signals: the source of logins whose people they are about. */
  readonly login?: string
  readonly groupRoles?: Readonly<Record<string, readonly string[]>>
  readonly groupsClaim?: string
  readonly groupsMaxAgeMs?: number
}

/** The trust sources. Reading is synchronous, from memory. */
export class TrustSources {
  readonly #ports: AuthorityPorts
  readonly #turns = new Turns()
  readonly #held = new Map<string, Held<TrustSource>>()
  readonly #listeners = new Set<(source: TrustSource) => void>()

  private constructor(ports: AuthorityPorts) {
    this.#ports = ports
  }

  /** Reads every source whose row verifies. */
  static async load(ports: AuthorityPorts): Promise<TrustSources> {
    const sources = new TrustSources(ports)
    for (const held of await ports.store.trustSources.all()) sources.#held.set(held.doc.name, held)
    return sources
  }

  /** A source that is trusted now. */
  get(name: string): TrustSource | undefined {
    const doc = this.#held.get(name)?.doc
    return doc?.state === 'active' ? doc : undefined
  }

  /** A source that gives evidence of workloads; undefined for any other. */
  evidence(
    name: string,
  ): { readonly attestor: AttestorName; readonly createdAt: number } | undefined {
    const source = this.get(name)
    const attestor = source === undefined ? undefined : ATTESTORS[source.kind]
    return attestor === undefined || source === undefined
      ? undefined
      : { attestor, createdAt: source.createdAt }
  }

  /** By name. */
  list(): readonly TrustSource[] {
    return [...this.#held.values()]
      .map(({ doc }) => doc)
      .filter(({ state }) => state === 'active')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** Calls back synchronously after a change is in force. */
  onChange(listener: (source: TrustSource) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Trusts a source from now on. `person` is the id of who says so. */
  async add(
    what: NewTrustSource,
    by: { readonly person: string; readonly reason: string },
  ): Promise<TrustSource> {
    return this.trust(this.draft(what), by)
  }

  /** A source as it would be trusted, its secret sealed. Throws as `add` does. */
  draft(what: NewTrustSource): TrustSource {
    checkName('a trust source', what.name)
    this.#checkFree(what.name)
    return this.#doc(what)
  }

  /** Trusts a source that was drafted, from now on. */
  trust(
    drafted: TrustSource,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<TrustSource> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      this.#checkFree(drafted.name)
      const doc: TrustSource = { ...drafted, createdAt: this.#ports.clock.now() }
      if (doc.kind === 'signals') this.#loginOf(doc)
      const receipt = await this.#ports.audit.append({
        type: 'trust.added',
        phase: 'admin',
        person,
        body: {
          source: doc.name,
          kind: doc.kind,
          issuer: doc.issuer,
          audience: doc.audience,
          reason: why,
        },
      })
      const before = this.#held.get(doc.name)
      const { trustSources } = this.#ports.store
      this.#show(
        before === undefined
          ? await trustSources.insert(doc, receipt)
          : await trustSources.replace(before, doc, receipt),
      )
      return doc
    })
  }

  /** Trusts a source no more, at once. Whoever entered by its word is ended by those who listen. */
  remove(
    name: string,
    { person, reason }: { readonly person: string; readonly reason: string },
  ): Promise<TrustSource> {
    return this.#turns.run(async () => {
      const why = checkedReason(reason)
      const held = this.#held.get(name)
      if (held?.doc.state !== 'active') {
        throw trustFault('trust.unknown', 'there is no such trust source')
      }
      const doc: TrustSource = { ...held.doc, state: 'removed' }
      const receipt = await this.#ports.audit.append({
        type: 'trust.removed',
        phase: 'admin',
        person,
        body: { source: name, kind: doc.kind, reason: why },
      })
      // In force before the row is written: a crash in between leaves a record, and the command to repeat.
      this.#show({ ...held, doc })
      this.#held.set(name, await this.#ports.store.trustSources.replace(held, doc, receipt))
      return doc
    })
  }

  #doc(what: NewTrustSource): TrustSource {
    const { name, kind, groupRoles, groupsClaim, groupsMaxAgeMs } = what
    const isX509 = kind === 'attest-x509'
    if (!isX509 && !/^[\x21-\x7e]+$/.test((what.audience ?? '').slice(0, MAX_AUDIENCE + 1))) {
      throw trustFault('trust.audience', 'no audience was named, or none that a token can have')
    }
    if ((what.audience ?? '').length > MAX_AUDIENCE) {
      throw trustFault('trust.audience', `the audience is longer than ${MAX_AUDIENCE} characters`)
    }
    if (Object.keys(groupRoles ?? {}).length > MAX_GROUPS) {
      throw trustFault('trust.groups', `more than ${MAX_GROUPS} groups are named`)
    }
    return {
      name,
      kind,
      issuer: isX509 ? '' : checkedIssuer(what.issuer ?? ''),
      audience: isX509 ? '' : (what.audience ?? ''),
      ...(isX509 || (kind !== 'login' && what.certificates !== undefined)
        ? { certificates: this.#authorities(what.certificates ?? '') }
        : {}),
      ...(what.clientSecret === undefined
        ? {}
        : { sealedSecret: this.#sealed(name, what.clientSecret) }),
      ...(kind === 'signals' ? { login: this.#loginOf(what) } : {}),
      ...(groupRoles === undefined ? {} : { groupRoles }),
      ...(groupsClaim === undefined ? {} : { groupsClaim }),
      ...(groupsMaxAgeMs === undefined ? {} : { groupsMaxAgeMs }),
      state: 'active',
      createdAt: this.#ports.clock.now(),
    }
  }

  #checkFree(name: string): void {
    if (this.get(name) === undefined) return
    throw trustFault('trust.exists', `a trust source \`${name}\` is there already`)
  }

  #loginOf({ login = '' }: Pick<NewTrustSource, 'login'>): string {
    if (this.get(login)?.kind === 'login') return login
    throw trustFault('trust.login', 'signals are about the people of a source of logins')
  }

  #sealed(name: string, secret: string): string {
    const { encryption } = this.#ports.keys
    return base64url(encryption.seal(utf8(secret), loginSecretContext(name)))
  }

  /** The certificate authorities as we keep them: read, checked, and written anew. */
  #authorities(text: string): string {
    const bad = (why: string, cause?: unknown) => trustFault('trust.certificates', why, cause)
    let read: readonly X509Certificate[]
    try {
      read = readPem('CERTIFICATE', text).map((der) => new X509Certificate(der))
    } catch (cause) {
      throw bad('the certificates cannot be read', cause)
    }
    const now = this.#ports.clock.now()
    if (read.length === 0 || read.length > MAX_AUTHORITIES) throw bad('there are none, or too many')
    for (const certificate of read) {
      if (!certificate.ca) throw bad('a certificate is not that of a certificate authority')
      if (certificate.validToDate.getTime() <= now) throw bad('a certificate has ended')
    }
    return read.map(({ raw }) => pem('CERTIFICATE', raw)).join('')
  }

  #show(held: Held<TrustSource>): void {
    this.#held.set(held.doc.name, held)
    for (const listener of this.#listeners) listener(held.doc)
  }
}
