// Holds what a system is: how it is reached, and the pinned definitions of its actions.

import type { JsonObject } from '../std/json.ts'
import type { Effect } from './effect.ts'
import type { HttpBinding } from './http-binding.ts'
import type { UpstreamAuth } from './upstream-auth.ts'

/** A system that the gateway has no way to: programs that enforce by themselves ask about its actions. */
export interface ExternalTransport {
  readonly kind: 'external'
  /** What its actions were read from. */
  readonly source: ExternalSource
  /** `sha256:…` of the document. */
  readonly document: string
}

/** What the actions of a system can be read from: an OpenAPI document, the description of database tables, or a list of tools. */
export type ExternalSource = 'openapi' | 'tables' | 'tools'

/** How a system is reached. History: v1 stdio, v2 external, v3 mcp and api, v4 web. */
export type Transport =
  StdioTransport | McpTransport | ApiTransport | ExternalTransport | WebTransport

/** The web beyond every other system, by way of the gateway's own proxy. There is one such system, and Bailiwick pins it. */
export interface WebTransport {
  readonly kind: 'web'
}

/** Where a system on the network may be, beyond public addresses over TLS. Each is a loud exception that a person makes. */
export interface Reach {
  /** True where it may have a private, loopback or link-local address. */
  readonly private?: boolean
  /** True where it may be spoken to without TLS beyond this machine. */
  readonly clearText?: boolean
}

/** An MCP server that is reached by Streamable HTTP. */
export interface McpTransport {
  readonly kind: 'mcp'
  /** Absolute `https:` or `http:` URL of its endpoint, without credentials and fragment. */
  readonly url: string
  readonly auth: UpstreamAuth
  readonly reach: Reach
}

/** An HTTP API, described by its OpenAPI document. */
export interface ApiTransport {
  readonly kind: 'api'
  /** Absolute URL that the paths of the document stand under. */
  readonly url: string
  /** `sha256:…` of the document. */
  readonly document: string
  readonly auth: UpstreamAuth
  readonly reach: Reach
}

/** MCP revisions that we speak to either side. History: v1 both eras. */
export type McpEra = '2025-11-25' | '2026-07-28'

/** A local program that speaks MCP on its standard streams. */
export interface StdioTransport {
  readonly kind: 'stdio'
  /** Absolute path, or a name looked up on PATH when the system is added. */
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** Names of the environment variables whose values are sealed in the secrets table. */
  readonly env: readonly string[]
  /** What its sandbox lets it have; absent: nothing beyond its own folder and the programs of the machine. */
  readonly sandbox?: SandboxTerms
}

/** What a program of somebody else's may have while it runs. */
export interface SandboxTerms {
  /** True where a person lets it run without a sandbox. */
  readonly off?: boolean
  /** Absolute folders that it may read, and that it may write. */
  readonly read?: readonly string[]
  readonly write?: readonly string[]
  /** Hosts that it may connect to, `name` or `name:port`; absent: no network at all. */
  readonly network?: readonly string[]
}

/** One operation of a system, exactly as its definition was when a person pinned it. */
export interface ActionDefinition {
  /** A tool's name; of a method of the protocol, that method (`resources/read`): no tool's name holds a slash. */
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly inputSchema: JsonObject
  readonly outputSchema?: JsonObject
  /** Of an HTTP API: how it is written as a request. Part of the digest. */
  readonly http?: HttpBinding
  /** The upstream's own hints, kept for people to see; never trusted. */
  readonly annotations?: JsonObject
  /** Whether it may, or has to, run as a task of the protocol; absent: it never does. */
  readonly taskSupport?: 'optional' | 'required'
  /** What a person confirmed. Empty counts as every effect. */
  readonly effects: readonly Effect[]
  /** Data labels of what it returns, as a person confirmed them (`secret`, `pii`, …); absent: none. */
  readonly labels?: readonly string[]
  /** What of its arguments is counted: JSON pointers (RFC 6901), as a person confirmed them. */
  readonly measures?: {
    /** An integer in the minor unit of a currency. */
    readonly money?: string
    /** Texts, or arrays of texts, that name who receives something. */
    readonly recipients?: readonly string[]
  }
  /** What it sets off, as a person declared it: `<system>/<action>`; absent: nothing that is known. */
  readonly triggers?: readonly string[]
  /** `sha256:…` over the canonical JSON of name, title, description, schemas and annotations. */
  readonly digest: string
}

/** What a server is known by, beyond what it says of itself. */
export type ServerIdentity =
  /** What a program is read from: the executable, and the scripts that its arguments name. Paths have no symbolic links in them. */
  | {
      readonly kind: 'program'
      readonly files: readonly { readonly path: string; readonly digest: string }[]
    }
  /** Whom authorities vouch for: the host, and the digests of the public keys of the chain (SubjectPublicKeyInfo, RFC 5280 §4.1.2.7), the server's own first. */
  | { readonly kind: 'certificate'; readonly host: string; readonly chain: readonly string[] }

/** A prompt of an MCP server, exactly as it was when a person pinned it. */
export interface PromptDefinition {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly arguments: readonly {
    readonly name: string
    readonly title?: string
    readonly description?: string
    readonly required?: boolean
  }[]
  readonly digest: string
}

/** A resource template of an MCP server (RFC 6570), exactly as it was when a person pinned it. */
export interface TemplateDefinition {
  readonly name: string
  readonly uriTemplate: string
  readonly title?: string
  readonly description?: string
  readonly mimeType?: string
  readonly digest: string
}

/** Differences that a person may let pass once and for all, system by system. Nothing passes that is not named. */
export const PASSING_CHANGES = [
  'title',
  'description',
  'server-version',
  'added-readonly',
  'removed',
  'certificate',
] as const

/** One of them. */
export type PassingChange = (typeof PASSING_CHANGES)[number]

/** A registered system whose whole tool set a person has pinned. */
export interface SystemDefinition {
  readonly name: string
  readonly transport: Transport
  /** The revision that it speaks; absent where it speaks no MCP. */
  readonly era?: McpEra
  readonly server: { readonly name: string; readonly version: string; readonly title?: string }
  readonly instructions?: string
  /** Tools, and methods of the protocol by their own names. */
  readonly actions: readonly ActionDefinition[]
  /** What the server said it can; absent where it speaks no MCP. */
  readonly capabilities?: JsonObject
  readonly prompts?: readonly PromptDefinition[]
  readonly templates?: readonly TemplateDefinition[]
  /** Absent where nothing vouches for it: it is described only, or spoken to without TLS. */
  readonly identity?: ServerIdentity
  /** Differences that pass without a person; absent: none. */
  readonly passing?: readonly PassingChange[]
  /** Upstream processes that may run at once, over all instances. */
  readonly maxProcesses: number
  /** `sha256:…` over all of it: of actions, prompts and templates by their own digests, and what people said of them. */
  readonly digest: string
}
