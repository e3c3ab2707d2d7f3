// Holds a real identity provider in this process (`oidc-provider`), whose people sign in as soon as they are asked to.

import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider, type Configuration } from './oidc-provider.ts'

/** Our client there. */
export const CLIENT = { id: 'bailiwick', secret: 'the-secret-that-both-sides-know-of' }

/** Somebody who has an account there. */
export interface Account {
  readonly sub: string
  readonly name: string
  readonly groups: readonly string[]
}

/** The identity provider of one test. */
export class IdentityProvider {
  /** Who sits at the browser. */
  account: Account = { sub: 'subject-1', name: 'Grace.Hopper', groups: ['staff', 'ops'] }
  /** Requests to its token endpoint. */
  exchanges = 0
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  get issuer(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  static async open(redirectUris: readonly string[]): Promise<IdentityProvider> {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const own = new IdentityProvider(server)
    const provider = new Provider(own.issuer, own.#configuration(redirectUris))
    const callback = provider.callback()
    server.on('request', (request, response) => {
      const path = request.url ?? ''
      if (path.startsWith('/token')) own.exchanges += 1
      if (!path.startsWith('/interaction/')) return void callback(request, response)
      void provider.interactionFinished(request, response, {
        login: { accountId: own.account.sub },
      })
    })
    return own
  }

  #configuration(redirectUris: readonly string[]): Configuration {
    return {
      clients: [
        {
          client_id: CLIENT.id,
          client_secret: CLIENT.secret,
          redirect_uris: [...redirectUris],
          response_types: ['code'],
          grant_types: ['authorization_code'],
        },
      ],
      cookies: { keys: ['keys of a test'] },
      claims: { openid: ['sub'], profile: ['preferred_username'], groups: ['groups'] },
      features: { devInteractions: { enabled: false } },
      pkce: { required: () => true },
      interactions: { url: (_, { uid }) => `/interaction/${uid}` },
      findAccount: (_, sub) => ({
        accountId: sub,
        claims: () => ({
          sub,
          preferred_username: this.account.name,
          groups: [...this.account.groups],
        }),
      }),
      // What it knows its people to have agreed to: everything.
      loadExistingGrant: async (context) => {
        const { client, session, provider } = context.oidc
        const grant = new provider.Grant({
          ...(client !== undefined && { clientId: client.clientId }),
          ...(session?.accountId !== undefined && { accountId: session.accountId }),
        })
        grant.addOIDCScope('openid profile groups')
        await grant.save()
        return grant
      },
    }
  }

  /**
   * Does what a browser does there: follows redirects with cookies until one leads away, and answers with that one.
   * `url` is the authorization request.
   */
  async visit(url: string): Promise<URL> {
    const cookies = new Map<string, string>()
    let next = new URL(url)
    for (let hops = 0; hops < 10; hops++) {
      if (next.origin !== this.issuer) return next
      const response = await fetch(next, {
        redirect: 'manual',
        headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      })
      for (const line of response.headers.getSetCookie()) {
        const [pair = ''] = line.split(';')
        const equals = pair.indexOf('=')
        cookies.set(pair.slice(0, equals), pair.slice(equals + 1))
      }
      const location = response.headers.get('location')
      if (location === null)
        throw new Error(`${next.href}: ${response.status} ${await response.text()}`)
      next = new URL(location, next)
    }
    throw new Error('too many redirects')
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }
}
