// Holds a Workload API on a real socket over an authority that a test owns: real certificates, real processes, fake rules.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { linuxKernel } from '../../src/authority/identity/attest/unix-kernel.ts'
import type { PeerKernel } from '../../src/authority/identity/attest/unix-peer.ts'
import {
  UnixProcesses,
  type AttestedIdentities,
} from '../../src/authority/identity/attest/unix-processes.ts'
import type { UnixEvidence } from '../../src/authority/identity/attest/unix.ts'
import {
  issueRoot,
  issuer,
  issueSvid,
  leafValidity,
} from '../../src/authority/identity/certificate.ts'
import { tokenKeyEntries } from '../../src/authority/identity/bundle.ts'
import { JwtSvids } from '../../src/authority/identity/jwt-svid.ts'
import { listenWorkload, type WorkloadListener } from '../../src/api/workload/listener.ts'
import type { WorkloadPorts } from '../../src/api/workload/ports.ts'
import { rfc3339, systemClock, type Clock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { Fault } from '../../src/std/fault.ts'
import { uuidv7 } from '../../src/std/id.ts'
import { pem } from '../../src/std/pem.ts'
import { systemTimer, type Timer } from '../../src/std/timer.ts'
import type { IssuedIdentity } from '../../src/wire/identity.ts'
import { FakeAudit } from './audit.ts'
import { fakeSigner, fakeTokenKey } from './identity.ts'

const KIND = { status: 403, next: 'ask the test' }
const DOMAIN = 'bailiwick.test'

/** A live instance of a district that a test owns. */
interface FakeInstance {
  readonly id: string
  readonly agent: string
  readonly spiffeId: string
  readonly lifeEnds: number
}

/** Identities as far as attested processes see them. One registration: whoever has `selector`. */
export class FakeIdentities implements AttestedIdentities {
  readonly issuer = issuer(DOMAIN, fakeSigner('ES256'), systemEntropy)
  readonly root: Uint8Array
  readonly instances = new Map<string, FakeInstance>()
  /** What was vouched for, in order. */
  readonly evidence: UnixEvidence[] = []
  /** Endings that were asked for, with why. */
  readonly endings: [string, string][] = []
  readonly #listeners = new Set<Parameters<AttestedIdentities['onGone']>[0]>()
  readonly #clock: Clock
  selector = 'unix:uid:0'
  life = 3_600_000

  constructor(clock: Clock) {
    this.#clock = clock
    const now = clock.now()
    this.root = issueRoot(this.issuer, { notBefore: now - 60_000, notAfter: now + 86_400_000 })
  }

  async enrolAttested(of: {
    attested: UnixEvidence
    publicKey: Uint8Array
  }): Promise<IssuedIdentity> {
    const id = uuidv7(this.#clock, systemEntropy)
    return this.#issue(id, of)
  }

  async reattest(of: {
    instance: string
    attested: UnixEvidence
    publicKey: Uint8Array
  }): Promise<IssuedIdentity> {
    return this.#issue(of.instance, of)
  }

  live(id: string): FakeInstance | undefined {
    return this.instances.get(id)
  }

  async endInstance(id: string, reason: string): Promise<void> {
    this.endings.push([id, reason])
    this.end(id, 'ended')
  }

  end(
    id: string,
    state: 'expired' | 'revoked' | 'ended',
    more: { readonly mayReturn?: true } = {},
  ): void {
    this.instances.delete(id)
    for (const listener of this.#listeners) listener(id, { state, ...more })
  }

  onGone(listener: Parameters<AttestedIdentities['onGone']>[0]): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #issue(
    instance: string,
    { attested, publicKey }: { attested: UnixEvidence; publicKey: Uint8Array },
  ): IssuedIdentity {
    if (!attested.selectors.includes(this.selector)) {
      throw new Fault('registration.none', KIND, 'no registration matches')
    }
    this.evidence.push(attested)
    const validity = leafValidity(this.#clock.now(), this.life)
    const agent = 'mail-sorter'
    const der = issueSvid(this.issuer, { agent, instance, publicKey }, validity)
    const spiffeId = `spiffe://${DOMAIN}/agent/${agent}/${instance}`
    const lifeEnds = this.#clock.now() + 86_400_000
    this.instances.set(instance, { id: instance, agent, spiffeId, lifeEnds })
    return {
      instance,
      spiffe_id: spiffeId,
      certificates: pem('CERTIFICATE', der),
      bundle: pem('CERTIFICATE', this.root),
      not_after: rfc3339(validity.notAfter),
      renew_after: rfc3339((validity.notBefore + validity.notAfter) / 2),
      life_ends: rfc3339(lifeEnds),
    }
  }
}

/** What a test has of its Workload API. */
export interface FakeWorkload extends AsyncDisposable {
  readonly folder: string
  readonly path: string
  readonly identities: FakeIdentities
  readonly processes: UnixProcesses
  readonly audit: FakeAudit
  readonly tokens: JwtSvids
  readonly refused: string[]
  readonly failures: unknown[]
  /** Stands against every instance while it is set; the streams are told by `changed`. */
  readonly rules: { against: Fault | undefined; roots: Uint8Array[] }
  changed(what: 'trust' | 'standing'): void
  /** How many streams listen for changes now. */
  listening(): number
}

/** Opens one, on a socket of its own. */
export async function openWorkload(
  options: {
    readonly kernel?: PeerKernel
    readonly timer?: Timer
    readonly clock?: Clock
    readonly path?: string
    readonly mode?: number
  } = {},
): Promise<FakeWorkload> {
  const { kernel = linuxKernel(), timer = systemTimer, clock = systemClock } = options
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-workload-'))
  const path = options.path ?? join(folder, 'workload.sock')
  const identities = new FakeIdentities(clock)
  const failures: unknown[] = []
  const refused: string[] = []
  const onTrouble = (error: unknown): void => void failures.push(error)
  const processes = new UnixProcesses({ identities, kernel, clock, timer, onTrouble })
  const listeners = { trust: new Set<() => void>(), standing: new Set<() => void>() }
  const rules: FakeWorkload['rules'] = { against: undefined, roots: [identities.root] }
  const following = (what: 'trust' | 'standing') => (listener: () => void) => {
    listeners[what].add(listener)
    return () => listeners[what].delete(listener)
  }
  const changed = (what: 'trust' | 'standing'): void => {
    for (const listener of listeners[what]) listener()
  }
  identities.onGone(() => changed('standing'))
  const tokenKey = fakeTokenKey()
  const audit = new FakeAudit()
  const tokens = new JwtSvids({
    tokens: tokenKey,
    trustDomain: DOMAIN,
    live: (id) => identities.live(id),
    audit,
    clock,
    entropy: systemEntropy,
  })
  const ports: WorkloadPorts = {
    clock,
    timer,
    entropy: systemEntropy,
    kernel,
    processes,
    trust: {
      trustDomain: DOMAIN,
      roots: () => rules.roots,
      jwtKeys: () => ({ keys: tokenKeyEntries([tokenKey]) }),
      onChange: following('trust'),
    },
    standing: { against: () => rules.against, onChange: following('standing') },
    tokens,
    onRefused: (code) => refused.push(code),
    onFailure: (error) => failures.push(error),
  }
  let listener: WorkloadListener
  try {
    listener = await listenWorkload(ports, { path, mode: options.mode ?? 0o600 })
  } catch (error) {
    await processes.close()
    rmSync(folder, { recursive: true, force: true })
    throw error
  }
  return {
    folder,
    path,
    identities,
    processes,
    audit,
    tokens,
    refused,
    failures,
    rules,
    changed,
    listening: () => listeners.trust.size + listeners.standing.size,
    [Symbol.asyncDispose]: async () => {
      await listener.close()
      await processes.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
