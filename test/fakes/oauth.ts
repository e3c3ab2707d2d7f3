// Holds an authorization server on a free port over real TLS, with real certificates, real tokens, and delegations in memory.

import { once } from 'node:events'
import { createPrivateKey, generateKeyPairSync, X509Certificate, type KeyObject } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import { Agent, fetch as undiciFetch } from 'undici'
import { identityListener } from '../../src/api/identity/listener.ts'
import type { Grant } from '../../src/api/oauth/grants/grant.ts'
import type { PassPort } from '../../src/api/oauth/ports.ts'
import { OAuthServer } from '../../src/api/oauth/server.ts'
import type { TokenHolder } from '../../src/authority/tokens/ports.ts'
import { Tokens } from '../../src/authority/tokens/tokens.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { faults } from '../../src/std/fault.ts'
import { uuidv7 } from '../../src/std/id.ts'
import type { Delegation } from '../../src/store/rows/delegation.ts'
import type { Observation } from '../../src/wire/observation.ts'
import type { Presented } from '../../src/wire/presented.ts'
import { scopeNarrows } from '../../src/wire/scope.ts'
import { openDistrict, PERSON, type District } from './district.ts'
import { fakeRequest, fakeTokenKey, p256, spkiOf } from './identity.ts'
import { FakeChains, FakeHolders } from './tokens.ts'

/** Resources of the gateway of these tests. */
export const MCP = 'https://127.0.0.1:7443/mcp'
const RESOURCES = [MCP, 'http://127.0.0.1:7401/mcp']

const fault = faults({
  'delegation.depth': { status: 403, next: 'ask for more depth' },
  'delegation.cycle': { status: 403, next: 'do not pass authority back' },
  'delegation.bound': { status: 409, next: 'use another delegation' },
  'delegation.wider': { status: 403, next: 'pass on less' },
  'agent.unknown': { status: 404, next: 'name an agent' },
})

/** Delegations in memory, with the refusals that passing authority on has. */
export class FakeDelegationService extends FakeChains implements PassPort {
  readonly agents = new Set<string>()
  now = 0
  get(id: string): Delegation | undefined {
    return this.held.get(id)
  }
  pass(of: Parameters<PassPort['pass']>[0]): Promise<Delegation> {
    const above = of.parent === undefined ? [] : (this.chainOf(of.parent) ?? [])
    const last = above.at(-1)
    if (!this.agents.has(of.agent)) throw fault('agent.unknown', 'there is no such agent')
    if (last !== undefined && (last.depth ?? 0) < 1) throw fault('delegation.depth', 'too deep')
    const agents = [...above.map(({ agent }) => agent), of.by.agent]
    if (agents.includes(of.agent)) throw fault('delegation.cycle', 'it would come back')
    if (last?.scope !== undefined && !scopeNarrows(last.scope, of.scope ?? [])) {
      throw fault('delegation.wider', 'it is wider than what is above')
    }
    const doc: Delegation = {
      id: uuidv7({ now: () => this.now, monotonic: () => 0 }, systemEntropy),
      person: last?.person ?? '',
      createdAt: this.now,
      ...of,
      depth: (last?.depth ?? 1) - 1,
    }
    this.held.set(doc.id, doc)
    return Promise.resolve(doc)
  }
  bind(id: string, instance: string): Promise<void> {
    const held = this.held.get(id)
    if (held === undefined || held.instance !== undefined) {
      throw fault('delegation.bound', 'the delegation serves another instance')
    }
    this.held.set(id, { ...held, instance })
    return Promise.resolve()
  }
}

/** An instance with its key and certificate, as a client of these tests. */
export interface TestClient {
  readonly holder: TokenHolder
  readonly key: KeyObject
  /** SHA-256 of its certificate, hex. */
  readonly fingerprint: string
  /** Connects with its certificate. */
  readonly mtls: Agent
}

/** What `openOAuth` gives. */
export interface OAuthBench extends AsyncDisposable {
  readonly district: District
  readonly tokens: Tokens
  readonly tokenKey: ReturnType<typeof fakeTokenKey>
  readonly holders: FakeHolders
  readonly delegations: FakeDelegationService
  readonly observed: Observation[]
  readonly refused: string[]
  readonly issuer: string
  /** Connects without a certificate. */
  readonly plain: Agent
  /** Enrols an instance of the agent `night-watch`; the fields of `more` are as the registry would have them. */
  enrol(more?: Partial<Pick<TokenHolder, 'agent' | 'delegation'>>): Promise<TestClient>
  /** Puts a person's delegation to an instance in force. */
  delegate(to: TestClient, more?: Partial<Delegation>): Delegation
  /** Posts a form. */
  post(
    path: string,
    form: Record<string, string> | string | [string, string][],
    by?: Agent,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>
  check(text: string, shown?: Partial<Presented>): ReturnType<Tokens['check']>
}

/** Opens it; the clock stands still at the time of the machine. */
export async function openOAuth(
  options: { readonly unboundLife?: number; readonly grants?: readonly Grant[] } = {},
): Promise<OAuthBench> {
  const district = await openDistrict(Math.floor(systemClock.now() / 1000) * 1000)
  const { audit, clock, store, timer } = district
  const holders = new FakeHolders()
  const delegations = new FakeDelegationService()
  delegations.now = clock.now()
  const byCertificate = new Map<string, string>()
  const tokenKey = fakeTokenKey()
  let issuer = ''
  const tokens = await Tokens.open({
    store,
    audit,
    clock,
    timer,
    holders,
    signer: tokenKey,
    trustDomain: 'bailiwick.test',
    issuer: () => issuer,
    chains: delegations,
    entropy: systemEntropy,
    onTrouble: (error) => {
      throw error
    },
    ...(options.unboundLife === undefined ? {} : { unboundLife: options.unboundLife }),
  })
  const observed: Observation[] = []
  const refused: string[] = []
  const oauth = new OAuthServer({
    tokens,
    delegations,
    clock,
    clients: {
      live: (id) => holders.live(id),
      holderOf: (certificate) => {
        const holder = holders.live(byCertificate.get(certificate) ?? '')
        const found = holder?.certificates.get(certificate)
        return found !== undefined && found.notAfter > clock.now() ? holder : undefined
      },
    },
    resources: {
      known: (url) => RESOURCES.includes(url) || url === `${MCP}/fs` || url === `${MCP}/mail`,
      all: () => RESOURCES,
    },
    trustDomain: 'bailiwick.test',
    entropy: systemEntropy,
    observe: (one) => observed.push(one),
    ...(options.grants === undefined ? {} : { grants: options.grants }),
  })
  const { server, close } = identityListener({
    identities: district.identities,
    roots: district.roots,
    oauth,
    clock,
    timer,
    onRefused: (kind) => refused.push(kind),
    onFailure: (error) => refused.push(`failure ${String(error)}`),
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  issuer = `https://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ca = district.root.pem
  const plain = new Agent({ connect: { ca } })
  const agents = [plain]
  return {
    district,
    tokens,
    tokenKey,
    holders,
    delegations,
    observed,
    refused,
    issuer,
    plain,
    enrol: async (more = {}) => {
      const { token } = await district.identities.issueJoinToken({
        agent: 'night-watch',
        by: PERSON,
      })
      const key = p256()
      const identity = await district.identities.enrol({ token, csr: fakeRequest(key) })
      const certificate = new X509Certificate(identity.certificates)
      const fingerprint = hex(sha256(certificate.raw))
      const agent = more.agent ?? 'night-watch'
      const holder: TokenHolder = {
        id: identity.instance,
        agent,
        spiffeId: `spiffe://bailiwick.test/agent/${agent}/${identity.instance}`,
        lifeEnds: clock.now() + 86_400_000,
        certificates: new Map([
          [fingerprint, { notAfter: certificate.validToDate.getTime(), spki: spkiOf(key) }],
        ]),
        ...more,
      }
      holders.held.set(holder.id, holder)
      delegations.agents.add(agent)
      byCertificate.set(fingerprint, holder.id)
      const pem = key.export({ type: 'pkcs8', format: 'pem' }).toString()
      const mtls = new Agent({ connect: { ca, cert: identity.certificates, key: pem } })
      agents.push(mtls)
      return { holder, key: createPrivateKey(pem), fingerprint, mtls }
    },
    delegate: (to, more = {}) => {
      const doc: Delegation = {
        id: uuidv7(clock, systemEntropy),
        person: PERSON,
        agent: to.holder.agent,
        instance: to.holder.id,
        depth: 2,
        createdAt: clock.now(),
        expiresAt: clock.now() + 86_400_000,
        ...more,
      }
      delegations.held.set(doc.id, doc)
      const holder = { ...to.holder, delegation: doc.id }
      holders.held.set(holder.id, holder)
      return doc
    },
    post: async (path, form, by = plain, headers = {}) => {
      const body = typeof form === 'string' ? form : new URLSearchParams(form).toString()
      const response = await undiciFetch(`${issuer}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body,
        dispatcher: by,
      })
      const answer = (await response.json()) as Record<string, unknown>
      return {
        status: response.status,
        body: answer,
        headers: response.headers as unknown as Headers,
      }
    },
    check: (text, shown = {}) =>
      tokens.check({ token: { scheme: 'Bearer', text }, resource: MCP, ...shown }),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(agents.map((agent) => agent.close()))
      await close()
      await tokens.close()
      await district[Symbol.asyncDispose]()
    },
  }
}

/** A key pair that WebCrypto takes: what other people's clients sign with. */
export async function webKeys(key?: KeyObject): Promise<CryptoKeyPair> {
  const privateKey = key ?? generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
  const jwk = privateKey.export({ format: 'jwk' })
  const { d: _private, ...open } = jwk
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256' }
  return {
    privateKey: await crypto.subtle.importKey('jwk', jwk, algorithm, true, ['sign']),
    publicKey: await crypto.subtle.importKey('jwk', open, algorithm, true, ['verify']),
  }
}
