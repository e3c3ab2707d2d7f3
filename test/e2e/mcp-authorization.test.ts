// Holds the official MCP client signing a user in: discovery from a 401, consent, a key-bound token, a call, and its end.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  Client,
  DpopSession,
  StreamableHTTPClientTransport,
  UnauthorizedError,
  type OAuthClientProvider,
} from '@modelcontextprotocol/client'
import { Agent as Dispatcher, fetch as undiciFetch } from 'undici'
import { Agent } from '../../src/wire/api/agent.ts'
import { ConsentsAnswer } from '../../src/wire/api/consent.ts'
import { ClientHost } from '../fakes/client-host.ts'
import { CALLBACK } from '../fakes/consent.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { PersonBrowser } from './person.ts'
import { rootsOf } from './roots.ts'

type Discovery = Parameters<NonNullable<OAuthClientProvider['saveDiscoveryState']>>[0]
type Stored = Awaited<ReturnType<OAuthClientProvider['tokens']>>

/** What a program that uses the official client has to bring: somewhere to keep things, and a browser to open. */
class Provider implements OAuthClientProvider {
  readonly redirectUrl = CALLBACK
  readonly #id: string
  readonly #session: DpopSession | undefined
  #discovered: Discovery | undefined
  stored: Stored
  verifier = ''
  /** Where it sent the browser. */
  sentTo: URL | undefined

  constructor(id: string, session: DpopSession | undefined) {
    this.#id = id
    this.#session = session
  }

  get clientMetadata() {
    return { client_name: 'Example Client', redirect_uris: [CALLBACK] }
  }

  clientInformation() {
    return { client_id: this.#id }
  }

  tokens(): Stored {
    return this.stored
  }

  saveTokens(tokens: NonNullable<Stored>): void {
    this.stored = tokens
  }

  redirectToAuthorization(url: URL): void {
    this.sentTo = url
  }

  saveCodeVerifier(verifier: string): void {
    this.verifier = verifier
  }

  codeVerifier(): string {
    return this.verifier
  }

  saveDiscoveryState(state: Discovery): void {
    this.#discovered = state
  }

  discoveryState(): Discovery | undefined {
    return this.#discovered
  }

  dpop(): DpopSession | undefined {
    return this.#session
  }
}

/** Signs a user in with the official client, and calls a tool; `after` runs while it is connected. */
async function signIn(
  environment: Readonly<Record<string, string>>,
  session: DpopSession | undefined,
  after: (of: {
    bailiwick: Bailiwick
    provider: Provider
    call: () => Promise<{ readonly isError?: boolean | undefined }>
    journal: () => string
  }) => Promise<void>,
): Promise<void> {
  await using host = await ClientHost.open()
  await using bailiwick = await Bailiwick.start({ BAILIWICK_CIMD_LOOPBACK: '1', ...environment })
  const journal = join(bailiwick.home, 'journal')
  writeFileSync(journal, '')
  await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal), {
    secrets: { PROBE_TOKEN: 'tok-0000000000' },
  })
  await bailiwick.apply(
    `@id("w") @without("task") permit (principal in Role::"worker", action, resource);`,
  )
  const body = { name: 'editor', purpose: 'is tested', roles: ['worker'], unattended: false }
  await bailiwick.control.send('POST', '/v1/agents', { ...body, clients: [host.id] }, Agent)
  await using browser = await PersonBrowser.open(bailiwick)
  const { listeners } = await bailiwick.status()
  const url = new URL(`${listeners.gateway_plain}/mcp/probe`)
  const dispatcher = new Dispatcher({ connect: { ca: await rootsOf(bailiwick) } })
  const provider = new Provider(host.id, session)
  const over = {
    authProvider: provider,
    fetch: async (to: string | URL, init?: RequestInit) =>
      (await undiciFetch(to, { ...(init as object), dispatcher })) as unknown as Response,
  }
  const first = new StreamableHTTPClientTransport(url, over)
  await assert.rejects(new Client({ name: 'x', version: '1' }).connect(first), UnauthorizedError)
  assert.ok(provider.sentTo !== undefined)
  assert.equal(provider.sentTo.searchParams.get('resource'), url.href)
  assert.equal(provider.sentTo.searchParams.get('code_challenge_method'), 'S256')
  const answered = await browser.allow(provider.sentTo)
  await first.finishAuth(answered.searchParams)
  const client = new Client({ name: 'x', version: '1' })
  await client.connect(new StreamableHTTPClientTransport(url, over))
  try {
    const { tools } = await client.listTools()
    assert.ok(tools.length > 0)
    const call = () => client.callTool({ name: 'echo', arguments: { text: 'hello' } })
    await after({ bailiwick, provider, call, journal: () => readFileSync(journal, 'utf8') })
  } finally {
    await client.close()
    await dispatcher.close()
  }
}

test('MCP 2026-07-28 the official client signs its user in with DPoP, calls a tool, and is refused after revocation', async () => {
  await signIn({}, await DpopSession.create(), async ({ bailiwick, provider, call, journal }) => {
    assert.match(String(provider.stored?.token_type), /^dpop$/i)
    assert.notEqual((await call()).isError, true)
    assert.match(journal(), /echo/)
    const { consents } = await bailiwick.control.get('/v1/consents', ConsentsAnswer)
    assert.deepEqual(
      consents.map(({ agent, binding }) => [agent, binding]),
      [['editor', 'dpop']],
    )
    const [intent] = await bailiwick.records('call.intent')
    assert.equal(intent?.record['agent'], 'editor')
    const before = journal()
    const id = consents[0]?.id ?? ''
    await bailiwick.cli(['consent', 'revoke', id, '--reason', 'a test takes it back'])
    await assert.rejects(call())
    assert.equal(journal(), before, 'nothing reached the upstream')
  })
})

test('MCP 2026-07-28 a client without a key is let in by the setting alone, and its calls are marked', async () => {
  await signIn(
    { BAILIWICK_UNBOUND_TOKENS_S: '120' },
    undefined,
    async ({ bailiwick, provider, call }) => {
      assert.match(String(provider.stored?.token_type), /^bearer$/i)
      assert.notEqual((await call()).isError, true)
      const { consents } = await bailiwick.control.get('/v1/consents', ConsentsAnswer)
      assert.equal(consents[0]?.binding, 'none')
    },
  )
})
