// Holds the authorization server: the endpoints over HTTP, in the order in which each of them checks.

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { JsonObject } from '../../std/json.ts'
import { Fault } from '../../std/fault.ts'
import { DpopChecks } from '../../wire/dpop-checks.ts'
import { dpopFault, type DpopProof } from '../../wire/dpop.ts'
import { tokenAnswerJson } from '../../wire/oauth.ts'
import type { Observation } from '../../wire/observation.ts'
import { x5t } from '../../authority/tokens/check.ts'
import { authenticate, type ClientMethods } from './client/authenticate.ts'
import type { OAuthClient } from './client/client.ts'
import { JwtSpiffe } from './client/jwt-spiffe.ts'
import { PrivateKeyJwt } from './client/private-key-jwt.ts'
import { oauthError, oauthFault } from './faults.ts'
import { readForm, type Form } from './form.ts'
import { clientCredentials } from './grants/client-credentials.ts'
import type { Grant, TokenCall } from './grants/grant.ts'
import { tokenExchange } from './grants/token-exchange.ts'
import { introspect } from './introspect.ts'
import { metadata, OAUTH_PATHS, openidConfiguration } from './metadata.ts'
import type { OAuthPorts } from './ports.ts'
import { revoke } from './revoke.ts'

/** What detectors hear of every client that has authenticated. */
type Seen = Omit<Extract<Observation, { readonly kind: 'dpop-replayed' }>, 'kind'>

/** The OAuth 2.1 authorization server of one authority. */
export class OAuthServer {
  readonly #ports: OAuthPorts
  readonly #grants: ReadonlyMap<string, Grant>
  readonly #methods: ClientMethods
  readonly #dpop: DpopChecks
  /** The same with a memory of its own: who is nobody cannot fill that of the instances. */
  readonly #dpopOfPublic: DpopChecks

  constructor(ports: OAuthPorts) {
    this.#ports = ports
    const { clients, clock, entropy, tokens } = ports
    const grants = [clientCredentials(ports), tokenExchange(ports), ...(ports.grants ?? [])]
    this.#grants = new Map(grants.map((grant) => [grant.type, grant]))
    this.#methods = {
      clients,
      privateKeyJwt: new PrivateKeyJwt({
        clients,
        clock,
        audiences: () => [tokens.issuer, this.#url(OAUTH_PATHS.token)],
      }),
      jwtSpiffe: new JwtSpiffe({ clients, clock, tokens }),
    }
    // Nonces of before a start are worth nothing after it, so proofs of before it are not either.
    const key = entropy.bytes(32)
    this.#dpop = new DpopChecks({ key, clock })
    this.#dpopOfPublic = new DpopChecks({ key, clock })
  }

  /** `POST /oauth/token`. */
  async token(request: IncomingMessage, response: ServerResponse): Promise<JsonObject> {
    const form = await readForm(request)
    const proof = this.#proof(request, OAUTH_PATHS.token)
    if (proof !== undefined) response.setHeader('dpop-nonce', this.#dpop.nonces.next())
    const grant = this.#grants.get(form.need('grant_type'))
    if (grant === undefined) throw oauthFault('oauth.grant_type', 'there is no such grant here')
    const client = authenticate(this.#methods, request, form, proof?.jkt)
    if (client.method === 'none' && !grant.publicClients) {
      throw oauthFault('oauth.client', 'the client has not authenticated')
    }
    this.#admit(proof, client, request)
    const call = callOf(form, proof, client, request.socket.remoteAddress ?? 'unknown')
    return tokenAnswerJson(await grant.handle(call, client))
  }

  /** `POST /oauth/introspect`. */
  async introspect(request: IncomingMessage): Promise<JsonObject> {
    const form = await readForm(request)
    return introspect(this.#ports, form, this.#client(request, form))
  }

  /** `POST /oauth/revoke`. */
  async revoke(request: IncomingMessage): Promise<JsonObject> {
    const form = await readForm(request)
    await revoke(this.#ports, form, this.#client(request, form))
    return {}
  }

  /** `GET /oauth/jwks`. */
  jwks(): JsonObject {
    return this.#ports.tokens.jwks()
  }

  /** `GET /.well-known/oauth-authorization-server`. */
  metadata(): JsonObject {
    return metadata(this.#ports, [...this.#grants.values()])
  }

  /** `GET /.well-known/openid-configuration`. */
  openidConfiguration(): JsonObject {
    return openidConfiguration(this.#ports, [...this.#grants.values()])
  }

  /** The answer to whatever went wrong (RFC 6749 §5.2): its status, headers and body. */
  refusal(
    error: unknown,
    request: IncomingMessage,
  ): {
    readonly status: number
    readonly headers: Readonly<Record<string, string>>
    readonly body: JsonObject
  } {
    const { code, description, error: name, status } = oauthError(error)
    const headers: Record<string, string> = {}
    // Told whenever a proof is asked for or was wrong, so that the next one can be right (RFC 9449 §8).
    if (code.startsWith('dpop.')) headers['dpop-nonce'] = this.#dpop.nonces.next()
    if (name === 'invalid_client') {
      // RFC 6749 §5.2: in the scheme that the client used, where it used the Authorization header.
      const [scheme = ''] = (request.headers.authorization ?? '').split(' ', 1)
      const known = /^basic$/i.test(scheme) ? 'Basic' : 'Bearer'
      if (scheme !== '') headers['www-authenticate'] = `${known} realm="bailiwick", error="${name}"`
    }
    return { status, headers, body: { error: name, error_description: description, code } }
  }

  /** The proof of a request, read and not used up; undefined where there is none (RFC 9449 §4.3 checks 1 to 11). */
  #proof(request: IncomingMessage, path: string): DpopProof | undefined {
    const header = request.headers['dpop']
    if (header === undefined) return undefined
    // Node joins headers that stand twice with a comma, which no proof has (check 1).
    if (typeof header !== 'string' || header.includes(',')) {
      throw dpopFault('dpop.malformed', 'there is more than one DPoP proof')
    }
    return this.#dpop.read(header, { method: request.method ?? '', url: this.#url(path) })
  }

  /** Lets in whoever has authenticated: their proof is used up, and the detectors hear where their credential was used. */
  #admit(proof: DpopProof | undefined, client: OAuthClient, request: IncomingMessage): void {
    const { credential, holder } = client
    const seen = holder && {
      at: this.#ports.clock.now(),
      instance: holder.id,
      agent: holder.agent,
      place: request.socket.remoteAddress ?? 'unknown',
    }
    if (proof !== undefined) this.#spend(proof, seen)
    if (seen === undefined || credential === undefined) return
    this.#ports.observe({ kind: 'credential-used', ...seen, credential })
  }

  /** Uses a proof up. One that comes again is told to the detectors: its key, or the proof, is in other hands. */
  #spend(proof: DpopProof, seen: Seen | undefined): void {
    try {
      const checks = seen === undefined ? this.#dpopOfPublic : this.#dpop
      checks.spend(proof)
    } catch (error) {
      if (error instanceof Fault && error.code === 'dpop.replayed' && seen !== undefined) {
        this.#ports.observe({ kind: 'dpop-replayed', ...seen })
      }
      throw error
    }
  }

  #client(request: IncomingMessage, form: Form): OAuthClient {
    const proof = this.#proof(
      request,
      new URL(request.url ?? '/', this.#ports.tokens.issuer).pathname,
    )
    const client = authenticate(this.#methods, request, form, proof?.jkt)
    this.#admit(proof, client, request)
    return client
  }

  #url(path: string): string {
    return `${this.#ports.tokens.issuer}${path}`
  }
}

/** What a token of this request is bound to: the key of the proof, else the certificate of the connection. */
function callOf(
  form: Form,
  proof: DpopProof | undefined,
  client: OAuthClient,
  place: string,
): TokenCall {
  if (proof !== undefined) return { form, place, binding: { kind: 'dpop', value: proof.jkt } }
  if (client.certificate === undefined) return { form, place }
  return { form, place, binding: { kind: 'mtls', value: x5t(client.certificate) } }
}
