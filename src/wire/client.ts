// Holds the names of the programs that host agents: which files `connect` knows, and which hooks we speak. History: v1.

/** Clients whose servers can be put behind Bailiwick. */
export const CLIENTS = [
  'claude-code',
  'claude-desktop',
  'cursor',
  'vscode',
  'codex',
  'gemini',
  'mcp-json',
] as const

/** A client of `connect`. */
export type ClientName = (typeof CLIENTS)[number]

/** Clients that ask before their built-in tools run; their tools are actions of a system of the same name. */
export const HOOK_CLIENTS = ['claude-code', 'codex', 'cursor', 'vscode', 'gemini'] as const

/** A client with hooks. */
export type HookClient = (typeof HOOK_CLIENTS)[number]

/** True for the name of a client with hooks. */
export function isHookClient(name: string): name is HookClient {
  return (HOOK_CLIENTS as readonly string[]).includes(name)
}
