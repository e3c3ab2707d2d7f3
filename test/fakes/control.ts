// Holds a home with the control API over it: real database, keys, records, policies and proofs; only the upstream is made up.

import { generateKeyPairSync, type JsonWebKey } from 'node:crypto'
import { join } from 'node:path'
import { enforcerFault } from '../../src/authority/enforcers/faults.ts'
import { openControl, type Control } from '../../src/api/control.ts'
import type { ConsoleFiles } from '../../src/api/console/files.ts'
import type { ControlPorts, ServerPort } from '../../src/api/ports.ts'
import { Search } from '../../src/audit/search/search.ts'
import { Exports } from '../../src/audit/export/exports.ts'
import type { AuditLog } from '../../src/audit/log.ts'
import { openAuditLog } from '../../src/audit/open.ts'
import { Payloads } from '../../src/audit/side/payloads.ts'
import { recordReceipt } from '../../src/server/lock-receipt.ts'
import { payloadReading } from '../../src/server/payloads.ts'
import { Traffic } from '../../src/audit/traffic/traffic.ts'
import { Consents } from '../../src/authority/consent/consents.ts'
import { Identities } from '../../src/authority/identity/identities.ts'
import { Roots } from '../../src/authority/identity/roots.ts'
import { loginSecretContext } from '../../src/authority/sessions/login-sources.ts'
import { openAuthority, type Authority } from '../../src/authority/open.ts'
import { openCredentials, type Credentials } from '../../src/server/credentials/open.ts'
import { EarlierCalls } from '../../src/server/earlier-calls.ts'
import { verifierKeys } from '../../src/server/witness.ts'
import { LivePolicy } from '../../src/server/live-policy.ts'
import { DecidedCalls } from '../../src/server/decided-call.ts'
import { PolicyReplay } from '../../src/server/policy-replay.ts'
import { usageOf } from '../../src/server/policy-usage.ts'
import {
  applyPolicies,
  approveProposal,
  proposedChange,
  rollbackPolicies,
} from '../../src/server/policy-versions.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { fingerprint } from '../../src/server/pins/fingerprint.ts'
import { inspectSystem } from '../../src/server/pins/inspect.ts'
import { labelSystem, pinSystem } from '../../src/server/pins/pin.ts'
import { Metrics } from '../../src/server/metrics.ts'
import { approveSystem, reviewOf } from '../../src/server/pins/review.ts'
import { base64url, utf8 } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { systemTimer } from '../../src/std/timer.ts'
import { openStore, type Store } from '../../src/store/open.ts'
import { makeOperatorProof } from '../../src/wire/operator-proof.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'
import { AuthorityHome, systemNamed } from './authority.ts'
import type { FakeClock } from './clock.ts'
import { FakeConsentGround } from './consent.ts'
import { FakeTimer } from './identity.ts'

/**
 * Requests by POST that ask and change nothing; of the last four, sessions that nobody has, policies that are only checked, a rollback to
 * what is in force, and further pages of a replay: that their first and real ones are on record has tests of its own.
 */
const QUESTIONS =
  /^\/(?:v1\/policies\/(?:explain|reach)|access\/v1\/(?:evaluations?|search\/[a-z]+)|v1\/audit\/flush|v1\/sessions\/end|v1\/policies(?:\/rollback|\/replay)?)$/

/** True for a request that asks and changes nothing. */
export function isQuestion(target: string): boolean {
  return QUESTIONS.test(target.split('?', 1)[0] ?? '')
}

/** Where `fetch` believes to be listening. */
export const CONTROL_HOST = 'bailiwick.localhost:7400'

/** A person with the private half of their key. */
export interface FakeOperator {
  readonly id: string
  readonly name: string
  readonly kid: string
  readonly key: JsonWebKey
}

/** A request to the control API; whatever is left out is as it should be. */
export interface ControlAsk {
  readonly as?: FakeOperator
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>>
  /** In place of the proof; null sends none. */
  readonly authorization?: string | null
}

/** The control API of one home. */
export class ControlHome {
  /** How long who is alone waits for a lock to be lifted (ms). */
  unlockDelayMs = 0
  readonly clock: FakeClock
  readonly timer = new FakeTimer()
  readonly refused: string[] = []
  readonly failed: unknown[] = []
  readonly policy = new LivePolicy()
  /** What the made-up upstream shows when it is looked at. */
  upstream: SystemDefinition = systemNamed('files')
  /** URL of the listener. */
  url = `http://${CONTROL_HOST}`
  /** Requests that should have left a record and did not. */
  readonly unrecorded: string[] = []
  readonly #home = new AuthorityHome()
  #closers: (() => Promise<unknown>)[] = []
  authority!: Authority
  identities!: Identities
  /** What consents stand on: delegations, instances and tokens that are made up. */
  readonly ground = new FakeConsentGround()
  consents!: Consents
  credentials!: Credentials
  traffic!: Traffic
  payloads!: Payloads
  /** Whether a second administrator has to agree to policies. */
  fourEyes = false
  audit!: AuditLog
  store!: Store
  exports!: Exports
  metrics!: Metrics
  search!: Search
  roots!: Roots
  control!: Control
  ada!: FakeOperator

  constructor() {
    this.clock = this.#home.clock
  }

  /** Opens one; with the files of a console, where one was built. */
  static async open(console?: ConsoleFiles): Promise<ControlHome> {
    const home = new ControlHome()
    await home.#open(console)
    return home
  }

  async #open(console: ConsoleFiles | undefined): Promise<void> {
    const { directory, keys } = this.#home
    const base = { keys, clock: this.clock, timer: this.timer, entropy: systemEntropy }
    const origin = 'control.test/log'
    this.audit = await openAuditLog({
      ...base,
      home: directory,
      gateway: 'gw',
      origin,
      signer: keys.log,
      limits: { segmentBytes: 131_072, checkpointMs: 20 },
    })
    const store = await openStore({ directory, signer: keys.authority })
    this.store = store
    const { audit } = this
    const onTrouble = (error: unknown) => void this.failed.push(error)
    this.authority = await openAuthority({ ...base, store, audit, onTrouble })
    const { agents, people, delegations } = this.authority
    this.roots = await Roots.open({
      ...base,
      keys: keys.roots,
      tokens: keys.tokens,
      trustDomain: 'control.test',
      store,
      audit,
      onTrouble,
    })
    const registry = {
      agentOf: (name: string) => agents.get(name),
      personOf: (id: string) => people.get(id),
    }
    const ports = { ...base, store, audit, roots: this.roots, registry, delegations, onTrouble }
    const sourceOf = (name: string) => this.authority.trust.evidence(name)
    this.identities = await Identities.open({ ...ports, sourceOf })
    this.consents = await Consents.open(
      this.ground.ports({
        store,
        audit,
        sealer: keys.encryption,
        clock: this.clock,
        timer: this.timer,
        registry: { ...registry, agents: () => agents.list() },
        loopbackClients: true,
      }),
    )
    this.traffic = new Traffic({
      ...base,
      folder: join(directory, 'traffic'),
      keys: keys.encryption,
      subjects: this.authority.subjects,
      audit,
      days: 30,
      bytes: 1_048_576,
      onTrouble,
    })
    const network = new Network()
    this.credentials = openCredentials({
      authority: this.authority,
      roots: this.roots,
      tokenKey: keys.tokens,
      trustDomain: 'control.test',
      network,
      machine: { clock: this.clock, timer: systemTimer, entropy: systemEntropy },
      issuer: () => 'https://identity.test',
      controlUrl: () => this.url,
      vault: undefined,
      onTrouble,
    })
    this.exports = await Exports.open({
      control: this.url,
      home: directory,
      origin,
      version: '0.0.0',
      sinks: [],
      audit,
      cursors: store.cursors,
      onTrouble,
    })
    audit.confideTo(this.authority.confider)
    const { subjects, erasure } = this.authority
    this.payloads = new Payloads({ ...base, store, audit, subjects, onTrouble })
    erasure.onErasing('payloads', () => this.payloads.flush())
    this.search = await Search.open(directory, audit)
    this.metrics = new Metrics({ audit, exports: this.exports, search: this.search })
    this.control = openControl({ ...this.#ports(), console })
    this.ada = await this.person('ada', ['administrator', 'operator'])
    this.#closers = [
      () => Promise.resolve(this.metrics.close()),
      () => this.exports.close(),
      () => this.search.close(),
      () => this.traffic.close(),
      () => this.payloads.close(),
      () => this.credentials.close(),
      () => network.close(),
      () => this.consents.close(),
      () => this.identities.close(),
      () => this.roots.close(),
      () => this.authority.settled(),
      () => store.close(),
      () => audit.close(),
    ]
  }

  #ports(): ControlPorts {
    const { clock, timer, authority, identities, roots, audit } = this
    return {
      links: { address: undefined, of: () => undefined },
      clock,
      timer,
      authority,
      identities,
      roots,
      audit,
      payloads: payloadReading(this.payloads, { commit: (text) => `hmac-sha256:${text}` }),
      earlier: new EarlierCalls({ traffic: this.#reading(), audit, clock }),
      exports: this.exports,
      retention: { state: () => ({ keep: 'forever', shards: [], inDatabase: [] }) },
      search: this.search,
      entropy: systemEntropy,
      server: this.#server(),
      consents: this.consents,
      credentials: this.credentials.consents,
      decisions: {
        url: () => 'http://bailiwick.localhost:7400',
        consider: ({ action }) =>
          Promise.resolve({
            kind: 'denied',
            call: 'call',
            code: 'policy.denied',
            detail: `no gateway here decides about ${action}`,
            next: 'ask elsewhere',
          }),
        burn: () => Promise.reject(enforcerFault('grant.invalid', 'this is no grant')),
        outcome: () => Promise.reject(enforcerFault('grant.invalid', 'this is no grant')),
        could: () => false,
      },
      refused: (code) => this.refused.push(code),
      failed: (error) => this.failed.push(error),
    }
  }

  #reading() {
    const { directory, keys } = this.#home
    return {
      flush: () => this.traffic.flush(),
      source: {
        folder: join(directory, 'traffic'),
        keys: keys.encryption,
        subjects: this.authority.subjects,
        entropy: systemEntropy,
      },
    }
  }

  #server(): ServerPort {
    const { authority, policy } = this
    const gateway = { inspect: () => Promise.resolve(this.upstream), network: new Network() }
    const { credentials } = this
    const parts = { authority, policy, gateway, credentials, environment: process.env }
    const policies = { authority, policy }
    const reading = {
      authority,
      policy,
      traffic: this.#reading(),
      audit: this.audit,
      commitments: { commit: (text: string) => `hmac-sha256:${text}` },
      clock: this.clock,
    }
    const replay = new PolicyReplay(reading)
    const decided = new DecidedCalls(reading)
    return {
      metrics: () => this.metrics.text(),
      witnessed: () => undefined,
      verifierKeys: () => verifierKeys(this.#home.directory),
      facts: () => ({
        version: '0.0.0-test',
        gateway: 'gateway-1',
        home: '/home/of/test',
        startedAt: this.clock.now(),
        trustDomain: 'control.test',
        authorityFingerprint: this.roots.active.fingerprint,
        authorityEnds: this.roots.active.notAfter,
        listeners: {
          control: this.url,
          identity: 'https://127.0.0.1:7402',
          gateway: 'https://127.0.0.1:7443',
        },
        callsInFlight: 0,
        upstreams: 0,
        logOrigin: 'control.test/log',
        database: 'embedded',
        account: { name: 'nobody', uid: 65_534 },
        situation: 'agents run under the account of their person',
        unlockDelayMs: this.unlockDelayMs,
        warnings: [],
      }),
      policies: () => policy,
      inspectSystem: (candidate, person) => inspectSystem(parts, candidate, person),
      pinSystem: (pin) => pinSystem(parts, pin),
      labelSystem: (of) => labelSystem(parts, of),
      fingerprint,
      reviewSystem: (name) => reviewOf(parts, name),
      approveSystem: (of) => approveSystem(parts, of),
      explainCall: (call, options) => decided.explain(call, options),
      policyUsage: (of) => usageOf(reading, of),
      replayPolicies: (of) => replay.page(of),
      rollbackPolicies: (of) => rollbackPolicies({ ...policies, fourEyes: this.fourEyes }, of),
      approveProposal: (of) => approveProposal(policies, of),
      proposedChange: (sources) => proposedChange(policies, sources),
      applyPolicies: (of) => applyPolicies({ ...policies, fourEyes: this.fourEyes }, of),
      lock: async (of) => {
        const lock = await authority.locks.add(of)
        const { audit, identities } = this
        const parts = { authority, identities, audit, gateway: 'gateway-1' }
        const did = { calls: 0, processes: 0, approvals: 0 }
        return { lock, receipt: await recordReceipt(parts, lock, did) }
      },
    }
  }

  /** Listens on a port that is free, for those who speak HTTP: a browser, a redirect. Answers with the URL. */
  async listen(): Promise<string> {
    const { port, close } = await this.control.listen({ host: '127.0.0.1', port: 0 })
    this.#closers.unshift(close)
    this.url = `http://bailiwick.localhost:${port}`
    return this.url
  }

  /** Trusts an identity provider for logins, as an administrator would. */
  trustLogins(of: {
    readonly name: string
    readonly issuer: string
    readonly clientId: string
    readonly secret?: string
    readonly groupRoles: Readonly<Record<string, readonly string[]>>
    readonly groupsMaxAgeMs?: number
    readonly state?: 'active' | 'removed'
  }): void {
    const { name, issuer, clientId, secret, groupRoles, groupsMaxAgeMs, state = 'active' } = of
    const { encryption } = this.#home.keys
    this.authority.sessions.sources.show({
      name,
      kind: 'login',
      issuer,
      audience: clientId,
      groupRoles,
      state,
      createdAt: this.clock.now(),
      ...(groupsMaxAgeMs !== undefined && { groupsMaxAgeMs }),
      ...(secret !== undefined && {
        sealedSecret: base64url(encryption.seal(utf8(secret), loginSecretContext(name))),
      }),
    })
  }

  /** Makes a person directly in the registry. */
  async person(name: string, roles: readonly string[]): Promise<FakeOperator> {
    const { publicKey, privateKey } = generateKeyPairSync('ed25519')
    const spki = new Uint8Array(publicKey.export({ format: 'der', type: 'spki' }))
    const made = await this.authority.people.create({ name, roles, publicKey: base64url(spki) })
    const kid = made.credentials[0]!.kid
    return { id: made.id, name, kid, key: privateKey.export({ format: 'jwk' }) }
  }

  /** A proof by somebody, for exactly what is given. */
  proof(method: string, target: string, body = '', as: FakeOperator = this.ada): string {
    const from = { clock: this.clock, entropy: systemEntropy }
    return makeOperatorProof({ method, target, body: utf8(body) }, as, from)
  }

  /** Asks the API, as ada unless somebody else is named. */
  async ask(method: string, target: string, ask: ControlAsk = {}): Promise<Response> {
    const body =
      ask.body === undefined || typeof ask.body === 'string' ? ask.body : JSON.stringify(ask.body)
    const proof =
      ask.authorization === undefined
        ? this.proof(method, target, body, ask.as ?? this.ada)
        : ask.authorization
    const before = this.audit.stats().iseq
    const response = await this.control.fetch(
      new Request(`http://${CONTROL_HOST}${target}`, {
        method,
        headers: {
          host: CONTROL_HOST,
          ...(proof !== null && { authorization: proof }),
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...ask.headers,
        },
        ...(body !== undefined && { body }),
      }),
    )
    // Whatever a test is about: what changes something is on record when it is answered.
    const changes = (method === 'POST' || method === 'PATCH') && !isQuestion(target)
    if (changes && response.ok && this.audit.stats().iseq === before) {
      this.unrecorded.push(`${method} ${target} ${response.status}`)
    }
    return response
  }

  /** Asks and reads the answer, which has to have the status. */
  async read(
    method: string,
    target: string,
    ask: ControlAsk = {},
    status = 200,
  ): Promise<Record<string, unknown>> {
    const response = await this.ask(method, target, ask)
    const text = await response.text()
    if (response.status !== status)
      throw new Error(`${method} ${target}: ${response.status} ${text}`)
    return JSON.parse(text) as Record<string, unknown>
  }

  async close(): Promise<void> {
    for (const close of this.#closers) await close()
    await this.#home.dispose()
    if (this.unrecorded.length > 0) throw new Error(`not on record: ${this.unrecorded.join(', ')}`)
  }
}
