// Holds consents for tests: real rows, codes and families; delegations, instances and tokens that a test can look at.

import type { ConsentPorts } from '../../src/authority/consent/ports.ts'
import type { Delegation } from '../../src/store/rows/delegation.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { uuidv7 } from '../../src/std/id.ts'
import type { Observation } from '../../src/wire/observation.ts'
import type { AuditSink } from '../../src/wire/record.ts'
import type { Store } from '../../src/store/open.ts'
import type { FakeClock } from './clock.ts'
import type { FakeTimer } from './identity.ts'

/** Where the made-up gateway is. */
export const GATEWAY = 'http://127.0.0.1:7401'
/** The made-up authorization server. */
export const ISSUER = 'https://127.0.0.1:7402'
/** A client, its document and an address that it is answered at. */
export const CLIENT = 'https://client.example/oauth/client.json'
export const CALLBACK = 'http://127.0.0.1:33418/callback'

/** A token as the made-up endpoint gave it. */
export interface FakeToken {
  readonly text: string
  readonly family: string
  readonly instance: string
  readonly scope: readonly string[]
  readonly audience: readonly string[]
  readonly binding: string | undefined
}

/** What consent stands on, made up where it is not consent's own. */
export class FakeConsentGround {
  readonly delegations = new Map<string, Delegation>()
  readonly instances = new Map<string, { readonly agent: string; readonly lifeEnds: number }>()
  readonly tokens: FakeToken[] = []
  /** Scopes of the tasks that were opened, by id. */
  readonly tasks = new Map<string, readonly string[]>()
  readonly observed: Observation[] = []
  readonly troubles: unknown[] = []
  readonly revokedTokens: string[] = []
  /** Thrown by the next issue. */
  refuseToken: Error | undefined
  readonly #gone = new Set<(id: string) => void>()
  readonly #ended = new Set<(id: string) => void>()

  /** The ports. `fetched`: what a GET for a document is answered with is up to whoever serves it. */
  ports(of: {
    readonly store: Pick<Store, 'refreshFamilies' | 'spent'>
    readonly audit: AuditSink
    readonly sealer: ConsentPorts['sealer']
    readonly clock: FakeClock
    readonly timer: FakeTimer
    readonly registry: ConsentPorts['registry']
    readonly unboundMs?: number
    readonly loopbackClients?: boolean
    readonly resolve?: ConsentPorts['resolve']
  }): ConsentPorts {
    const { clock } = of
    return {
      store: of.store,
      audit: of.audit,
      sealer: of.sealer,
      clock,
      timer: of.timer,
      entropy: systemEntropy,
      registry: of.registry,
      delegations: this.#delegations(clock),
      tasks: {
        open: ({ scope }) => {
          const id = uuidv7(clock, systemEntropy)
          this.tasks.set(id, scope)
          return Promise.resolve(id)
        },
        cancel: (task) => {
          this.tasks.delete(task)
          return Promise.resolve()
        },
      },
      instances: this.#instances(clock),
      tokens: this.#tokens(clock),
      resources: {
        everything: () => `${GATEWAY}/mcp`,
        systemOf: (resource) =>
          resource === `${GATEWAY}/mcp`
            ? '*'
            : /^http:\/\/127\.0\.0\.1:7401\/mcp\/([a-z]+)$/.exec(resource)?.[1],
      },
      observe: (seen) => void this.observed.push(seen),
      settings: {
        unboundMs: of.unboundMs ?? 0,
        loopbackClients: of.loopbackClients ?? false,
      },
      ...(of.resolve !== undefined && { resolve: of.resolve }),
      onTrouble: (error) => void this.troubles.push(error),
    }
  }

  #delegations(clock: FakeClock): ConsentPorts['delegations'] {
    return {
      create: ({ person, agent, scope, task, expiresAt }) => {
        const id = uuidv7(clock, systemEntropy)
        const scoped = scope === undefined ? {} : { scope }
        const made = { createdAt: clock.now(), expiresAt }
        const doc: Delegation = { id, person, agent, ...scoped, task, ...made }
        this.delegations.set(id, doc)
        return Promise.resolve(doc)
      },
      get: (id) => this.delegations.get(id),
      revoke: (id) => {
        this.endDelegation(id)
        return Promise.resolve()
      },
      onEnd: (listener) => {
        this.#ended.add(listener)
        return () => this.#ended.delete(listener)
      },
    }
  }

  #instances(clock: FakeClock): ConsentPorts['instances'] {
    return {
      enrolKeyless: ({ agent }) => {
        const instance = uuidv7(clock, systemEntropy)
        this.instances.set(instance, { agent, lifeEnds: clock.now() + 24 * 3_600_000 })
        return Promise.resolve({ instance })
      },
      live: (id) => this.instances.get(id),
      end: (id) => {
        this.endInstance(id)
        return Promise.resolve()
      },
      onGone: (listener) => {
        this.#gone.add(listener)
        return () => this.#gone.delete(listener)
      },
    }
  }

  #tokens(clock: FakeClock): ConsentPorts['tokens'] {
    return {
      issuer: ISSUER,
      issue: ({ family, instance, scope, audience, binding, notAfter }) => {
        const refused = this.refuseToken
        this.refuseToken = undefined
        if (refused !== undefined) return Promise.reject(refused)
        const text = `token-${this.tokens.length}`
        this.tokens.push({ text, family, instance, scope, audience, binding: binding?.value })
        const expiresAt = Math.min(notAfter, clock.now() + 600_000)
        return Promise.resolve({ text, id: text, expiresAt, scope })
      },
      find: (text) => {
        const found = this.tokens.find((one) => one.text === text)
        return found === undefined ? undefined : { id: text, family: found.family }
      },
      revoke: (id) => {
        this.revokedTokens.push(id)
        return Promise.resolve()
      },
      revokeFamily: (family) => {
        this.revokedTokens.push(...this.of(family))
        return Promise.resolve()
      },
    }
  }

  /** Ends an instance, and tells who listens. */
  endInstance(id: string): void {
    if (this.instances.delete(id)) for (const listener of this.#gone) listener(id)
  }

  /** Ends a delegation, and tells who listens. */
  endDelegation(id: string): void {
    if (this.delegations.delete(id)) for (const listener of this.#ended) listener(id)
  }

  /** Texts of the tokens of a family. */
  of(family: string): readonly string[] {
    return this.tokens.filter((token) => token.family === family).map(({ text }) => text)
  }
}

/** The document of CLIENT, with whatever a test has otherwise. */
export function clientDocument(more: Readonly<Record<string, unknown>> = {}, id = CLIENT): string {
  return JSON.stringify({
    client_id: id,
    client_name: 'Example Client',
    redirect_uris: ['http://127.0.0.1/callback', 'https://client.example/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
    ...more,
  })
}
