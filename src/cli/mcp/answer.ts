// Holds the lines that the bridge itself answers with: JSON-RPC errors with a stable code and what to do next.

import { stringifyJson } from '../../std/json.ts'
import { RPC, type RpcId } from '../../wire/mcp.ts'

/** The public words of a fault. */
export interface Words {
  readonly code: string
  readonly detail: string
  readonly next: string
}

/** A JSON-RPC error line, worded as the gateway words its own. */
export function rpcErrorLine(
  id: RpcId | null,
  words: Words,
  number: number = RPC.unavailable,
): string {
  const { code, detail, next } = words
  const message = `bailiwick: ${code}: ${detail}; next: ${next}`
  return stringifyJson({
    jsonrpc: '2.0',
    id,
    error: { code: number, message, data: { code, detail, next } },
  })
}
