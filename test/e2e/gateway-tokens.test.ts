// Holds calls by token through a whole Bailiwick: another's OAuth client, the listener without TLS, a sub-agent, a revocation.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { Agent, fetch as undiciFetch } from 'undici'
import * as oauth from 'oauth4webapi'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { DelegationRevoked, DelegationsAnswer } from '../../src/wire/api/delegation.ts'
import { Status } from '../../src/wire/api/status.ts'
import { webKeys } from '../fakes/oauth.ts'
import { Bailiwick, testServer } from './bailiwick.ts'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

let bailiwick: Bailiwick
let journal: string

before(async () => {
  bailiwick = await Bailiwick.start()
  journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
  await bailiwick.apply(
    `@id("w") @without("user, task") permit (principal in Role::"worker", action, resource);`,
  )
  await bailiwick.agent('planner', ['worker'], true)
  await bailiwick.agent('worker', ['worker'], true)
})

after(() => bailiwick[Symbol.asyncDispose]())

/** One agent with its OAuth client, whose tokens are bound to a DPoP key. */
class Client {
  readonly holder: Holder
  readonly #client: oauth.Client
  readonly #dpop: oauth.DPoPHandle
  readonly #agent: Agent
  #server: oauth.AuthorizationServer | undefined

  constructor(holder: Holder, keys: CryptoKeyPair) {
    this.holder = holder
    this.#client = { client_id: holder.identity.spiffeId }
    this.#dpop = oauth.DPoP(this.#client, keys)
    this.#agent = new Agent({
      connect: { ...holder.tls(), checkServerIdentity: () => undefined },
    })
  }

  static async of(name: string): Promise<Client> {
    return new Client(await bailiwick.enrol(name, true), await webKeys())
  }

  get #options() {
    return {
      [oauth.customFetch]: async (url: string, init: object) =>
        (await undiciFetch(url, { ...init, dispatcher: this.#agent })) as unknown as Response,
    }
  }

  /** A grant, asked again with the nonce that the first answer gave. */
  async grant(grant: string, form: Readonly<Record<string, string>>): Promise<string> {
    const issuer = new URL(bailiwick.identityUrl)
    this.#server ??= await oauth.processDiscoveryResponse(
      issuer,
      await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...this.#options }),
    )
    const server = this.#server
    const ask = async () =>
      oauth.processGenericTokenEndpointResponse(
        server,
        this.#client,
        await oauth.genericTokenEndpointRequest(
          server,
          this.#client,
          oauth.TlsClientAuth(),
          grant,
          form,
          { DPoP: this.#dpop, ...this.#options },
        ),
        { recognizedTokenTypes: { n_a: () => undefined } },
      )
    try {
      return (await ask()).access_token
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return (await ask()).access_token
    }
  }

  /** One `tools/call` of `echo` by token, without TLS; asked again with the nonce that the first answer gave. */
  async echo(url: string, token: string, text: string): Promise<Response> {
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'echo', arguments: { text } },
    })
    const headers = new Headers({
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    })
    const ask = async () =>
      oauth.protectedResourceRequest(token, 'POST', new URL(url), headers, body, {
        DPoP: this.#dpop,
        [oauth.allowInsecureRequests]: true,
      })
    try {
      return await ask()
    } catch (error) {
      if (!oauth.isDPoPNonceError(error)) throw error
      return await ask()
    }
  }

  async close(): Promise<void> {
    await this.#agent.close()
  }
}

async function said(answer: Response): Promise<string> {
  return JSON.stringify(await answer.json())
}

/** The challenges of a refusal that the client has thrown. */
async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work
  } catch (error) {
    if (error instanceof oauth.WWWAuthenticateChallengeError) return JSON.stringify(error.cause)
    throw error
  }
  throw new Error('was not refused')
}

test('an agent finds the authorization server, gets a token, calls, hands on; and revoking ends it for whoever is below', async () => {
  const { listeners } = await bailiwick.control.get('/v1/status', Status)
  const resource = `${listeners.gateway_plain}/mcp/probe`
  const metadata = await oauth.processResourceDiscoveryResponse(
    new URL(resource),
    await oauth.resourceDiscoveryRequest(new URL(resource), {
      [oauth.allowInsecureRequests]: true,
    }),
  )
  assert.deepEqual(metadata.authorization_servers, [bailiwick.identityUrl])
  const [planner, worker] = [await Client.of('planner'), await Client.of('worker')]
  try {
    const own = await planner.grant('client_credentials', { resource, scope: 'probe/*' })
    const direct = await planner.echo(resource, own, 'by the planner')
    assert.equal(direct.status, 200)
    assert.match(await said(direct), /by the planner/)
    const handed = await planner.grant(EXCHANGE, {
      subject_token: own,
      subject_token_type: ACCESS_TOKEN,
      audience: worker.holder.identity.spiffeId,
      scope: 'probe/echo',
    })
    const taken = await worker.grant(EXCHANGE, {
      subject_token: handed,
      subject_token_type: ACCESS_TOKEN,
      resource,
    })
    assert.match(await said(await worker.echo(resource, taken, 'by the worker')), /by the worker/)
    assert.match(await refused(planner.echo(resource, taken, 'stolen')), /invalid_token/)

    const { delegations } = await bailiwick.control.get(
      '/v1/delegations?agent=worker',
      DelegationsAnswer,
    )
    assert.equal(delegations.length, 1)
    const path = `/v1/delegations/${delegations[0]!.id}/revoke`
    await bailiwick.control.send('POST', path, { reason: 'enough' }, DelegationRevoked)
    assert.match(await refused(worker.echo(resource, taken, 'after')), /invalid_token/)
    const still = await planner.echo(resource, own, 'the planner goes on')
    assert.equal(still.status, 200)
    const echoed = readFileSync(journal, 'utf8')
    assert.ok(!echoed.includes('stolen') && !echoed.includes('after'), echoed)
  } finally {
    await planner.close()
    await worker.close()
  }
})
