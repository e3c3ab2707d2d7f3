// Holds consents: what a person lets a client of an agent do on their behalf, from the question to the last token.

import type { Agent } from '../../store/rows/agent.ts'
import type { RefreshRow } from '../../store/rows/refresh.ts'
import { MAX_PATTERNS, scopeNarrows } from '../../wire/scope.ts'
import { checkedReason } from '../reason.ts'
import type { ClientDocument } from './client-document.ts'
import { Clients } from './clients.ts'
import { Codes, type Agreement } from './codes.ts'
import { Families, type FamilyEnd } from './families.ts'
import { consentFault } from './faults.ts'
import { refused, type Granted, type Refused, type TokenAsk } from './granted.ts'
import type { ConsentPorts } from './ports.ts'
import { redeem } from './redeem.ts'
import { withParameters } from './redirect.ts'
import { refresh } from './refresh.ts'
import {
  readAuthorizationRequest,
  type AuthorizationRequest,
  type RefusedRequest,
} from './request.ts'

/** The longest that a consent lasts (ms): the absolute life of its instance (INV-8). */
const CONSENT_LIFE_MS = 24 * 3_600_000
/** Consents of one person at once. */
const MOST_PER_PERSON = 100
/** How often what is over is taken away (ms). */
const LOOK_MS = 30_000

/** A consent that holds. */
export interface Consent {
  readonly id: string
  readonly client: string
  readonly agent: string
  readonly instance: string
  /** Person id. */
  readonly person: string
  readonly delegation: string
  readonly audience: readonly string[]
  readonly scope: readonly string[]
  readonly binding: 'dpop' | 'mtls' | 'none'
  readonly refreshes: boolean
  /** ms since the epoch. */
  readonly createdAt: number
  readonly expiresAt: number
}

/** The consents of one home. */
export class Consents {
  readonly clients: Clients
  readonly #ports: ConsentPorts
  readonly #codes: Codes
  readonly #families: Families
  readonly #running = new Set<Promise<void>>()
  readonly #stops: (() => void)[] = []
  #cancel: (() => void) | undefined
  #closed = false

  private constructor(ports: ConsentPorts, families: Families) {
    const { clock, timer, settings, resolve } = ports
    const loopback = settings.loopbackClients
    this.clients = new Clients({
      clock,
      timer,
      loopback,
      ...(resolve !== undefined && { resolve }),
    })
    this.#ports = ports
    this.#codes = new Codes(ports)
    this.#families = families
  }

  /** Reads the consents that hold, and listens for what takes them away. */
  static async open(ports: ConsentPorts): Promise<Consents> {
    const consents = new Consents(ports, await Families.load(ports))
    consents.#stops.push(
      ports.instances.onGone((instance) => consents.#gone((row) => row.instance === instance)),
      ports.delegations.onEnd((id) => consents.#gone((row) => row.delegation === id)),
    )
    consents.#gone((row) => ports.instances.live(row.instance) === undefined)
    consents.#watch()
    return consents
  }

  /** URL of this authorization server (RFC 9207). */
  get issuer(): string {
    return this.#ports.tokens.issuer
  }

  /** Life of tokens that are bound to no key (ms); 0: there are none. */
  get unboundMs(): number {
    return this.#ports.settings.unboundMs
  }

  /** Reads an authorization request; throws what a page has to say, answers what the client has to hear. */
  read(query: URLSearchParams): Promise<AuthorizationRequest | RefusedRequest> {
    return readAuthorizationRequest(query, {
      clients: this.clients,
      resources: this.#ports.resources,
    })
  }

  /** The agents whose consents this client's are: one, as a rule. */
  agentsOf(client: string): readonly Agent[] {
    return this.#ports.registry
      .agents()
      .filter(({ clients, state }) => state !== 'retired' && clients?.includes(client) === true)
  }

  /** Where to send the browser with an error (RFC 6749 §4.1.2.1, RFC 9207 §2). */
  refusal({ redirect, state, error, description }: RefusedRequest): string {
    const parameters = { error, error_description: description, state, iss: this.issuer }
    return withParameters(redirect, parameters)
  }

  /** Takes down what a person agreed to. Answers where to send the browser, with the code. Throws `consent.*`. */
  async agree(of: {
    readonly request: AuthorizationRequest
    /** Person id. */
    readonly person: string
    /** Patterns that the person ticked. */
    readonly scope: readonly string[]
    /** How long it lasts (ms). */
    readonly lifeMs: number
  }): Promise<string> {
    const { request, person } = of
    const scope = [...new Set(of.scope)].sort()
    if (scope.length === 0 || scope.length > MAX_PATTERNS) {
      throw consentFault('consent.nothing', `1 to ${MAX_PATTERNS} actions have to be ticked`)
    }
    if (!scopeNarrows(request.scope, scope)) {
      throw consentFault('consent.wider', 'this is more than the client asked for')
    }
    const agent = this.#activeAgent(request.client)
    if (this.list({ person }).length >= MOST_PER_PERSON) {
      throw consentFault('consent.many', `${MOST_PER_PERSON} consents hold already`)
    }
    const expiresAt = this.#ports.clock.now() + Math.min(of.lifeMs, CONSENT_LIFE_MS)
    const agreed = { person, agent: agent.name, request, scope, expiresAt }
    const { code, agreement } = this.#codes.issue(agreed)
    // The code leaves only once its record is durable.
    await this.#record('consent.given', agreement)
    const { redirect, state } = request
    return withParameters(redirect, { code, state, iss: this.issuer })
  }

  /** Takes down that a person refused. Answers where to send the browser. */
  async deny(request: AuthorizationRequest, person: string): Promise<string> {
    const [agent] = this.agentsOf(request.client.id)
    await this.#ports.audit.append({
      type: 'consent.denied',
      phase: 'admin',
      person,
      ...(agent !== undefined && { agent: agent.name }),
      body: { client: request.client.id },
    })
    const { redirect, state } = request
    const description = 'the person denied the request'
    return this.refusal({
      redirect,
      ...(state !== undefined && { state }),
      error: 'access_denied',
      description,
    })
  }

  /** Answers a code with tokens (RFC 6749 §4.1.3). A second use ends whatever the first one gave (§4.1.2). */
  async redeem(
    ask: TokenAsk & {
      readonly code: string
      readonly redirect?: string
      readonly verifier?: string
    },
  ): Promise<Granted | Refused> {
    const found = await this.#codes.take(ask.code)
    const unknown = refused('invalid_grant', 'the code was used, has ended, or never was')
    if (found.found === 'nothing') return unknown
    if (found.found === 'used') {
      // The first use may still be under way: what it makes is ended once it is there.
      await Promise.allSettled(this.#running)
      await this.#end(found.consent, { by: '', reason: 'its code was used twice', reused: true })
      return unknown
    }
    const work = redeem(
      { ports: this.#ports, codes: this.#codes, families: this.#families },
      found.agreement,
      ask,
    )
    const settled: Promise<void> = work.then(noop, noop).finally(() => {
      this.#codes.settle(ask.code)
      this.#running.delete(settled)
    })
    this.#running.add(settled)
    return this.#orEnded(work, found.agreement.id)
  }

  /** Answers a refresh token with tokens (RFC 6749 §6). One that was used before ends everything that came of the consent. */
  refresh(ask: TokenAsk & { readonly refreshToken: string }): Promise<Granted | Refused> {
    const end = (id: string, why: FamilyEnd) => this.#end(id, why)
    const documentOf = (client: string) => this.clients.get(client)
    return refresh({ ports: this.#ports, families: this.#families, end, documentOf }, ask)
  }

  /**
   * Takes back what a client gives back (RFC 7009 §2.1): with its refresh token everything of the consent, with an access token
   * that one. False for what is no token of a consent of this client.
   */
  async giveBack(text: string, client: string): Promise<boolean> {
    const found = this.#families.find(text)
    if (found.found !== 'nothing') {
      if (found.row.client !== client) return false
      await this.#end(found.row.id, { by: '', reason: 'its client gave it back' })
      return true
    }
    const { tokens } = this.#ports
    const token = tokens.find(text)
    const row = this.#families.get(token?.family ?? '')
    if (token?.id === undefined || row?.client !== client) return false
    await tokens.revoke(token.id, 'its client gave it back')
    return true
  }

  /** Consents that hold, oldest first. */
  list({ person }: { readonly person?: string } = {}): readonly Consent[] {
    const all = this.#families.list().flatMap((row) => this.#shown(row) ?? [])
    return person === undefined ? all : all.filter((one) => one.person === person)
  }

  /** A consent that holds. Throws `consent.unknown`. */
  get(id: string): Consent {
    const row = this.#families.get(id)
    const shown = row === undefined ? undefined : this.#shown(row)
    if (shown === undefined) {
      throw consentFault('consent.unknown', 'this consent is not known, or has ended')
    }
    return shown
  }

  /** Ends a consent, its tokens, its delegation and its instance. In force when this is called, recorded when it resolves. */
  async revoke(
    id: string,
    word: { readonly person: string; readonly reason: string },
  ): Promise<Consent> {
    const consent = this.get(id)
    await this.#end(id, { by: word.person, reason: checkedReason(word.reason) })
    return consent
  }

  /** Stops looking at the clock; resolves when what was being done is done. */
  async close(): Promise<void> {
    this.#closed = true
    this.#cancel?.()
    for (const stop of this.#stops) stop()
    await Promise.allSettled(this.#running)
  }

  #activeAgent(client: ClientDocument): Agent {
    const agents = this.agentsOf(client.id)
    const [agent] = agents
    if (agent === undefined || agents.length > 1 || agent.state !== 'active') {
      throw consentFault('consent.agent', 'no active agent stands for this client, or several do')
    }
    return agent
  }

  #shown(row: RefreshRow): Consent | undefined {
    const { id, client, instance, audience, binding, createdAt, expiresAt, place } = row
    const delegation = this.#ports.delegations.get(row.delegation ?? '')
    if (delegation === undefined) return undefined
    return {
      id,
      client,
      agent: delegation.agent,
      instance,
      person: delegation.person,
      delegation: delegation.id,
      audience,
      scope: row.scope ?? [],
      binding: binding?.kind ?? 'none',
      refreshes: place > 0,
      createdAt,
      expiresAt,
    }
  }

  /** Ends everything of a consent; tokens, delegation and instance die at once, their rows follow. */
  async #end(id: string, end: FamilyEnd): Promise<void> {
    const row = this.#families.take(id, end)
    if (row === undefined) return
    const { tokens, delegations, instances } = this.#ports
    const word = { by: end.by, reason: end.reason }
    const ends = [
      instances.end(row.instance, word),
      tokens.revokeFamily(id, end.reason),
      ...(row.delegation !== undefined && delegations.get(row.delegation) !== undefined
        ? [delegations.revoke(row.delegation, word)]
        : []),
      this.#families.written(),
    ]
    for (const ended of await Promise.allSettled(ends)) {
      if (ended.status === 'rejected') throw ended.reason
    }
  }

  /** Whatever a redemption that failed half-way had made is ended. */
  async #orEnded<R>(work: Promise<R>, id: string): Promise<R> {
    try {
      return await work
    } catch (error) {
      await this.#end(id, { by: '', reason: 'its tokens could not be issued' })
      throw error
    }
  }

  /** Ends the families that match because what they hang on is gone. */
  #gone(matches: (row: RefreshRow) => boolean): void {
    const rows = this.#families.list().filter(matches)
    for (const { id } of rows)
      this.#run(this.#end(id, { by: '', reason: 'what it stood on ended' }))
  }

  #run(work: Promise<unknown>): void {
    const done: Promise<void> = work
      .then(noop, (error: unknown) => this.#ports.onTrouble(error))
      .finally(() => this.#running.delete(done))
    this.#running.add(done)
  }

  #watch(): void {
    if (this.#closed) return
    this.#cancel = this.#ports.timer.after(LOOK_MS, () => {
      const { clock, store } = this.#ports
      const now = clock.now()
      for (const id of this.#families.due(now)) {
        this.#run(this.#end(id, { by: '', reason: 'its time was over' }))
      }
      this.#run(this.#families.written())
      this.#run(store.spent.prune('expires_at', now))
      this.#run(store.refreshFamilies.prune('expires_at', now))
      this.#watch()
    })
  }

  #record(type: string, { id, person, agent, request, scope, expiresAt }: Agreement) {
    return this.#ports.audit.append({
      type,
      phase: 'admin',
      person,
      agent,
      body: {
        consent: id,
        client: request.client.id,
        resources: [...request.resources],
        scope: [...scope],
        expiresAt,
      },
    })
  }
}

function noop(): void {
  return undefined
}

/** True for what a request is that goes back to its client with an error. */
export function isRefusal(
  request: AuthorizationRequest | RefusedRequest,
): request is RefusedRequest {
  return 'error' in request
}
