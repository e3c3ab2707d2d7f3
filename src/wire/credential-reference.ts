// Holds the reference to a value that is kept elsewhere: `vault:kv/data/crm#token`. It names the value and is none.

/** Where a value is kept. History: v1 `vault`. */
export interface CredentialReference {
  readonly scheme: 'vault'
  /** What is read, as the API names it below `/v1/`: `kv/data/crm` (KV version 2), `database/creds/reader` (dynamic). */
  readonly path: string
  /** Member of its data. */
  readonly field: string
}

const FORM = /^vault:([A-Za-z0-9_.@-]+(?:\/[A-Za-z0-9_.@-]+){1,15})#([A-Za-z0-9_.@-]{1,128})$/

/** Reads a reference; undefined for what is none. A path that a server could read as another one is none. */
export function parseReference(text: string): CredentialReference | undefined {
  if (text.length > 512) return undefined
  const [, path, field] = FORM.exec(text) ?? []
  if (path === undefined || field === undefined) return undefined
  if (path.split('/').some((part) => part === '.' || part === '..')) return undefined
  // What belongs to the server itself is no value of a system.
  if (/^(sys|auth|identity|cubbyhole)\//i.test(path)) return undefined
  return { scheme: 'vault', path, field }
}
