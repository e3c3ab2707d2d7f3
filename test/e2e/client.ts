// Holds the official MCP client of either era, calling as an instance over mutual TLS, and bare requests beside it.

import {
  Client,
  ProtocolError,
  StreamableHTTPClientTransport,
  type CallToolResult,
} from '@modelcontextprotocol/client'
import { fetch as undiciFetch, request, type RequestInit as UndiciInit } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { META, MODERN_ERA } from '../../src/wire/mcp.ts'
import type { McpEra } from '../../src/wire/system.ts'

/** How a client of a test is. */
export interface ClientKind {
  readonly era: McpEra
  /** Declares that it opens addresses. */
  readonly opensUrls?: boolean
  /** Told of addresses; the answer is the user's. */
  readonly onUrl?: (url: string) => 'accept' | 'decline'
}

/** Where agents call: a Bailiwick, or a gateway of one. */
export interface Place {
  readonly gatewayUrl: string
  onEnd(end: () => Promise<unknown>): void
}

/** An official client, connected to a system through the gateway. */
export async function connect(
  bailiwick: Place,
  holder: Holder,
  system: string,
  kind: ClientKind,
): Promise<Client> {
  const { era, opensUrls = false, onUrl = () => 'accept' } = kind
  const client = new Client(
    { name: 'test-client', version: '1' },
    {
      capabilities: opensUrls ? { elicitation: { url: {} } } : {},
      versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } },
    },
  )
  if (opensUrls) {
    client.setRequestHandler('elicitation/create', ({ params }) => ({
      action: params.mode === 'url' ? onUrl(params.url) : 'decline',
    }))
  }
  const overMutualTls = async (url: string | URL, init?: RequestInit): Promise<Response> => {
    const options = { ...(init as UndiciInit), dispatcher: holder.dispatcher() }
    return (await undiciFetch(url, options)) as unknown as Response
  }
  const url = new URL(`${bailiwick.gatewayUrl}/mcp/${system}`)
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: overMutualTls }))
  bailiwick.onEnd(() => client.close())
  return client
}

/** The first text of a tool's result. */
export function textOf(result: CallToolResult | Record<string, unknown>): string {
  const [first] = (result as CallToolResult).content
  if (first?.type !== 'text') throw new Error(`no text in ${JSON.stringify(result)}`)
  return first.text
}

/** How a call was refused. */
export interface Refusal {
  readonly rpc: number
  readonly code: string
  readonly message: string
  readonly data: Readonly<Record<string, unknown>>
}

/** The refusal that a call has to end with. */
export async function refused(call: Promise<unknown>): Promise<Refusal> {
  let result: unknown
  try {
    result = await call
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error
    const data = (error.data ?? {}) as Record<string, unknown>
    return { rpc: error.code, code: String(data['code']), message: error.message, data }
  }
  throw new Error(`it was not refused: ${JSON.stringify(result)}`)
}

/** An answer of the gateway as it stands on the wire. */
export interface Answer {
  readonly status: number
  readonly type: string
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
  /** The JSON-RPC error number, and the code in its data or in the problem document. */
  readonly rpc: number | undefined
  readonly code: string | undefined
}

/** One bare request to the gateway, with whatever is wrong with it. */
export async function send(
  bailiwick: Pick<Place, 'gatewayUrl'>,
  holder: Holder,
  ask: {
    readonly path?: string
    readonly method?: 'GET' | 'POST' | 'DELETE' | 'PUT' | 'OPTIONS'
    readonly headers?: Readonly<Record<string, string>>
    readonly body?: string | Uint8Array
  },
): Promise<Answer> {
  const { path = '/mcp/probe', method = 'POST', headers, body } = ask
  const response = await request(`${bailiwick.gatewayUrl}${path}`, {
    dispatcher: holder.dispatcher(),
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: body ?? null,
  })
  return readAnswer(response.statusCode, response.headers, await response.body.text())
}

/** Reads what an answer says in either of its two forms. */
export function readAnswer(status: number, headers: Answer['headers'], text: string): Answer {
  const type = String(headers['content-type'] ?? '')
  let tree: { error?: { code?: number; data?: { code?: string } }; code?: string } = {}
  if (type.includes('json') && text !== '') tree = JSON.parse(text) as typeof tree
  const { error } = tree
  return { status, type, headers, text, rpc: error?.code, code: error?.data?.code ?? tree.code }
}

/** A request of revision 2026-07-28 with headers that agree. */
export function modern(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
): { readonly headers: Record<string, string>; readonly body: string } {
  const _meta = {
    [META.version]: MODERN_ERA,
    [META.clientInfo]: { name: 'bare', version: '1' },
    [META.clientCapabilities]: {},
  }
  const { name } = params
  return {
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': MODERN_ERA,
      'mcp-method': method,
      ...(typeof name === 'string' && { 'mcp-name': name }),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta } }),
  }
}

/** A request of revision 2025-11-25. */
export function legacy(
  method: string,
  params: Readonly<Record<string, unknown>> = {},
  id: string | number = 1,
): { readonly headers: Record<string, string>; readonly body: string } {
  return {
    headers: {
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id, method, params }),
  }
}
