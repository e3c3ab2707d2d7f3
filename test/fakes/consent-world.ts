// Holds a home with consents over it, a client on loopback that publishes its document, and a person who agrees to it.

import assert from 'node:assert/strict'
import { Consents, isRefusal } from '../../src/authority/consent/consents.ts'
import type { Granted, Refused } from '../../src/authority/consent/granted.ts'
import type { AuthorizationRequest } from '../../src/authority/consent/request.ts'
import { base64url, sha256 } from '../../src/std/bytes.ts'
import { AuthorityHome } from './authority.ts'
import { ClientHost } from './client-host.ts'
import { CALLBACK, FakeConsentGround, GATEWAY } from './consent.ts'

const VERIFIER = 'v'.repeat(43)
const CHALLENGE = base64url(sha256(VERIFIER))
/** ms. */
export const HOUR = 3_600_000
/** A binding to a key. */
export const dpop = (value: string) => ({ kind: 'dpop' as const, value })
const KEY = dpop('k'.repeat(43))

/** A home with consents over it, and a client on loopback that publishes its document. */
export class ConsentWorld implements AsyncDisposable {
  readonly home = new AuthorityHome()
  ground = new FakeConsentGround()
  consents!: Consents
  readonly person = 'person-1'
  unboundMs = 0
  host!: ClientHost
  agentState: 'active' | 'suspended' = 'active'
  prove: (client: { readonly method: string }) => void = () => assert.fail('nobody was to be asked')

  static async open(unboundMs = 0): Promise<ConsentWorld> {
    const world = new ConsentWorld()
    world.unboundMs = unboundMs
    world.host = await ClientHost.open()
    await world.home.open()
    await world.reopen()
    return world
  }

  /** Identifier of the client. */
  get client(): string {
    return this.host.id
  }

  set document(document: Readonly<Record<string, unknown>>) {
    this.host.document = document
  }

  /** What a restart does: the rows stay, what was in memory is gone. */
  async reopen(): Promise<void> {
    const { home } = this
    this.consents = await Consents.open(
      this.ground.ports({
        store: home.store,
        audit: home.audit,
        sealer: home.keys.encryption,
        clock: home.clock,
        timer: home.timer,
        unboundMs: this.unboundMs,
        loopbackClients: true,
        registry: {
          agents: () => [this.agent()],
          agentOf: (name) => (name === 'assistant' ? this.agent() : undefined),
          personOf: (id) =>
            id === this.person
              ? { id, name: 'ada', roles: [], credentials: [], createdAt: 0 }
              : undefined,
        },
      }),
    )
  }

  agent() {
    return {
      name: 'assistant',
      owner: this.person,
      purpose: 'assists',
      roles: [],
      unattended: false,
      clients: [this.client],
      state: this.agentState,
      createdAt: 0,
    }
  }

  query(more: Readonly<Record<string, string>> = {}): URLSearchParams {
    return new URLSearchParams({
      response_type: 'code',
      client_id: this.client,
      redirect_uri: CALLBACK,
      code_challenge: CHALLENGE,
      code_challenge_method: 'S256',
      resource: `${GATEWAY}/mcp/files`,
      state: 'a state',
      ...more,
    })
  }

  async request(more: Readonly<Record<string, string>> = {}): Promise<AuthorizationRequest> {
    const read = await this.consents.read(this.query(more))
    assert.ok(!isRefusal(read))
    return read
  }

  async code(more: Readonly<Record<string, string>> = {}, scope?: readonly string[]) {
    const request = await this.request(more)
    const location = await this.consents.agree({
      request,
      person: this.person,
      scope: scope ?? request.scope,
      lifeMs: HOUR,
    })
    return new URL(location).searchParams.get('code')!
  }

  redeem(code: string, more: object = {}): Promise<Granted | Refused> {
    return this.consents.redeem({
      code,
      client: this.client,
      redirect: CALLBACK,
      verifier: VERIFIER,
      resources: [],
      binding: KEY,
      place: 'here',
      prove: this.prove,
      ...more,
    })
  }

  refresh(refreshToken: string, more: object = {}): Promise<Granted | Refused> {
    return this.consents.refresh({
      refreshToken,
      client: this.client,
      resources: [],
      binding: KEY,
      place: 'here',
      prove: this.prove,
      ...more,
    })
  }

  types(): string[] {
    return this.home.audit.recorded
      .map(({ draft }) => draft.type)
      .filter((type) => type.startsWith('consent.'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.consents.close()
    await this.host[Symbol.asyncDispose]()
    await this.home.dispose()
  }
}

/** The tokens of an answer that has to have some. */
export function granted(answer: Granted | Refused): Granted {
  assert.ok('token' in answer, 'error' in answer ? `${answer.error}: ${answer.description}` : '')
  return answer
}

/** Expects a refusal in the words of OAuth. */
export function refusedWith(answer: Granted | Refused, error: string): void {
  assert.ok('error' in answer, 'was granted')
  assert.equal(answer.error, error)
}
