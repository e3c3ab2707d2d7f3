// Holds the authorization endpoint: what a request leads to, and what a person's answer to it does.

import { agentNameFor } from '../../authority/consent/agent-name.ts'
import { isRefusal, type Consents } from '../../authority/consent/consents.ts'
import { consentFault } from '../../authority/consent/faults.ts'
import type { AuthorizationRequest, RefusedRequest } from '../../authority/consent/request.ts'
import { Fault } from '../../std/fault.ts'
import { mayUse } from '../access.ts'
import type { Agent } from '../agents/shown.ts'
import { inert } from '../../std/inert.ts'
import type { ControlPorts } from '../ports.ts'
import type { SignedIn } from '../session/session-of.ts'
import { consentPage, LIVES } from './consent-page.ts'
import { offersFor, tickedPatterns } from './offer.ts'
import { troublePage, unregisteredPage } from './other-pages.ts'
import { ShownRequests, type ShownRequest } from './shown-requests.ts'

/** A form of these pages, read. */
export interface ConsentAnswer {
  readonly request: string
  readonly action: 'allow' | 'deny' | 'own' | 'discover'
  readonly mode?: 'all' | 'some' | undefined
  readonly life?: string | undefined
  readonly reason?: string | undefined
  readonly [tick: `t${number}`]: string
}

/** The endpoint. */
export class Authorize {
  readonly #ports: ControlPorts
  readonly #consents: Consents
  readonly #shown: ShownRequests

  constructor(ports: ControlPorts) {
    this.#ports = ports
    this.#consents = ports.consents
    this.#shown = new ShownRequests(ports)
  }

  /**
   * A request from a browser in which nobody is signed in: undefined where signing in comes first. One that wants nobody to be
   * asked hears so (OpenID Connect Core §3.1.2.6), where an operator stands for its client; for all others nothing is fetched.
   */
  async nobody(query: URLSearchParams): Promise<Response | undefined> {
    if (!(query.get('prompt') ?? '').split(' ').includes('none')) return undefined
    if (this.#active(query.get('client_id') ?? '') === undefined) {
      throw consentFault('consent.request', 'nobody is signed in, and nobody is to be asked')
    }
    const read = await this.#consents.read(query)
    return away(
      this.#consents.refusal(
        isRefusal(read) ? read : error(read, 'login_required', 'nobody is signed in'),
      ),
    )
  }

  /** What a person sees of a request. */
  async show(signedIn: SignedIn, query: URLSearchParams, path: string): Promise<Response> {
    const read = await this.#consents.read(query)
    const active = this.#active(query.get('client_id') ?? '')
    if (isRefusal(read)) return this.#refused(read, active !== undefined, signedIn)
    if (active === undefined) return this.#unregistered(signedIn, read, path)
    if (read.silent) {
      // Every consent is a decision of its own: none stands for the next.
      return away(this.#consents.refusal(error(read, 'consent_required', 'a person has to decide')))
    }
    return this.#page(signedIn, { request: read, path }, active)
  }

  /** What a person's answer does. */
  async answer(signedIn: SignedIn, form: ConsentAnswer): Promise<Response> {
    const { person } = signedIn
    const shown = this.#shown.take(form.request, person.id)
    if (shown === undefined) {
      throw consentFault('consent.stale', 'the page was answered already, or waited for too long')
    }
    switch (form.action) {
      case 'allow':
        return this.#allow(signedIn, shown, form)
      case 'deny':
        return away(await this.#consents.deny(shown.request, person.id))
      case 'own':
        return this.#own(signedIn, shown, form.reason ?? '')
      case 'discover':
        return this.#discover(signedIn, shown)
    }
  }

  async #allow(signedIn: SignedIn, shown: ShownRequest, form: ConsentAnswer): Promise<Response> {
    const { request, offers, path } = shown
    const life = LIVES.find(([seconds]) => String(seconds) === form.life)?.[0]
    const ticked = (place: number): boolean => form[`t${place}`] === 'on'
    const scope = form.mode === 'all' ? request.scope : tickedPatterns(offers, ticked)
    if (life === undefined || form.mode === undefined) {
      throw consentFault('consent.request', 'the form is not one of this page')
    }
    const of = { request, person: signedIn.person.id, scope, lifeMs: life * 1_000 }
    try {
      return away(await this.#consents.agree(of))
    } catch (error) {
      const agent = this.#active(request.client.id)
      const again = error instanceof Fault && error.code === 'consent.nothing'
      if (!again || agent === undefined) throw error
      return this.#page(signedIn, { request, path }, agent, error.detail)
    }
  }

  /** An operator answers for a client: its agent is theirs and active, and the request is shown again. */
  async #own(signedIn: SignedIn, shown: ShownRequest, reason: string): Promise<Response> {
    const { person } = signedIn
    const { agents } = this.#ports.authority
    if (!mayUse('operator', person.roles)) {
      throw consentFault('consent.agent', 'only an operator can answer for a client')
    }
    const client = shown.request.client.id
    const [found, ...more] = this.#consents.agentsOf(client)
    if (more.length > 0) throw consentFault('consent.agent', 'several agents stand for this client')
    if (reason.trim() === '') {
      return this.#unregistered(signedIn, shown.request, shown.path, 'say why in one sentence')
    }
    const word = { person: person.id, reason }
    const agent = found ?? (await agents.discover(this.#seen(shown.request)))
    if (agent.state === 'discovered') await agents.update(agent.name, { owner: person.id }, word)
    if (agents.get(agent.name)?.state === 'pending') {
      await agents.update(agent.name, { owner: person.id, state: 'active' }, word)
    }
    return away(shown.path)
  }

  async #discover(signedIn: SignedIn, shown: ShownRequest): Promise<Response> {
    const [found] = this.#consents.agentsOf(shown.request.client.id)
    if (found === undefined) await this.#ports.authority.agents.discover(this.#seen(shown.request))
    return this.#unregistered(signedIn, shown.request, shown.path)
  }

  #seen({ client }: AuthorizationRequest) {
    const { agents } = this.#ports.authority
    const name = agentNameFor(client.id, (one) => agents.get(one) !== undefined)
    return { name, client: client.id, purpose: `calls itself “${inert(client.name)}”` }
  }

  /** The one active agent of a client. */
  #active(client: string): Agent | undefined {
    const [agent, ...more] = this.#consents.agentsOf(client)
    return more.length === 0 && agent?.state === 'active' ? agent : undefined
  }

  #page(
    signedIn: SignedIn,
    { request, path }: Pick<ShownRequest, 'request' | 'path'>,
    agent: Agent,
    trouble?: string,
  ): Promise<Response> {
    const offers = offersFor(request.scope, this.#ports.authority.systems.list())
    const handle = this.#shown.put({ person: signedIn.person.id, request, offers, path })
    const { unboundMs, clients } = this.#consents
    return consentPage({
      signedIn,
      request,
      handle,
      agent: agent.name,
      offers,
      unboundMs,
      loopbackClients: clients.loopback,
      ...(trouble !== undefined && { trouble }),
    })
  }

  #unregistered(
    signedIn: SignedIn,
    request: AuthorizationRequest,
    path: string,
    trouble?: string,
  ): Promise<Response> {
    const { person } = signedIn
    const handle = this.#shown.put({ person: person.id, request, offers: [], path })
    const [agent] = this.#consents.agentsOf(request.client.id)
    return unregisteredPage({
      signedIn,
      request,
      handle,
      agent,
      name: this.#seen(request).name,
      operator: mayUse('operator', person.roles),
      ...(trouble !== undefined && { trouble }),
    })
  }

  /**
   * A request that cannot be answered. A client that nobody stands for is not told: anybody can publish a document, and would
   * have a redirector of us (RFC 9700 §4.11.2).
   */
  #refused(refused: RefusedRequest, trusted: boolean, signedIn: SignedIn): Promise<Response> {
    if (trusted) return Promise.resolve(away(this.#consents.refusal(refused)))
    const { error: code, description: detail } = refused
    const next = 'tell whoever publishes the client'
    return troublePage({ status: 400, code, detail, next, signedIn })
  }
}

function error(
  { redirect, state }: AuthorizationRequest,
  code: string,
  description: string,
): RefusedRequest {
  return { redirect, ...(state !== undefined && { state }), error: code, description }
}

/** RFC 9700 §4.12: 303, so that no browser sends the form on. */
function away(location: string): Response {
  return new Response(null, { status: 303, headers: { location } })
}
