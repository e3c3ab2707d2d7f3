// Holds the words between the tour and its agent: orders, and what the agent says of them.

import type { McpEra } from '../../wire/system.ts'

/** What the agent is told to do. */
export type AgentOrder =
  | { readonly do: 'enrol'; readonly identity: string; readonly token: string }
  | {
      readonly do: 'connect'
      readonly gateway: string
      readonly system: string
      readonly era: McpEra
    }
  | { readonly do: 'list'; readonly system: string }
  | {
      readonly do: 'call'
      readonly system: string
      readonly name: string
      readonly arguments: Readonly<Record<string, unknown>>
    }

/** An error as the agent got it. */
export interface AgentFailure {
  /** JSON-RPC error number; 0 where it was none. */
  readonly rpc: number
  readonly message: string
  readonly data: unknown
}

/** What the agent says: on the way, or at the end of an order. */
export type AgentAnswer =
  | { readonly progress: { readonly progress: number } }
  | { readonly told: string }
  | { readonly done: object }
  | { readonly failed: AgentFailure }

/** How an order ended. */
export type AgentEnd = Extract<AgentAnswer, { done: object } | { failed: AgentFailure }>
