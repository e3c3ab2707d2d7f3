// Holds references in configuration files: `${NAME}` and its relatives, taken from the surroundings of the person as the client would.

import { basename, sep } from 'node:path'
import type { ClientName } from './clients.ts'

/** Where references are looked up. */
export interface ReferenceScope {
  readonly client: ClientName
  readonly env: Readonly<Record<string, string | undefined>>
  /** Folder of the project. */
  readonly cwd: string
  /** What the person said when asked: by the words between the braces. */
  readonly said: ReadonlyMap<string, string>
}

/** A text with its references taken. */
export interface Resolved {
  readonly text: string
  /** Words of references that nothing is known of, e.g. `GITHUB_TOKEN` or `input:key`. */
  readonly wanting: readonly string[]
  /** True where a reference gave part of it: that part does not stand in the file. */
  readonly referred: boolean
}

/** Clients whose files name variables bare; the others say `env:NAME`, and two say nothing of the kind. */
const BARE: readonly ClientName[] = ['claude-code', 'mcp-json', 'gemini']
const SPELT: readonly ClientName[] = ['cursor', 'vscode']

function lookUp(words: string, scope: ReferenceScope): string | undefined {
  const { client, cwd, env, said } = scope
  const answer = said.get(words)
  if (answer !== undefined) return answer
  if (BARE.includes(client)) {
    const [, name = '', otherwise] = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s.exec(words) ?? []
    return env[name] ?? otherwise
  }
  if (words.startsWith('env:')) return env[words.slice('env:'.length)]
  switch (words) {
    case 'userHome':
      return env['HOME'] ?? env['USERPROFILE']
    case 'workspaceFolder':
      return cwd
    case 'workspaceFolderBasename':
      return basename(cwd)
    case 'pathSeparator':
    case '/':
      return sep
    default:
      return undefined
  }
}

/** Takes the references of one text, each once: what a variable holds is no text with references. */
export function resolved(text: string, scope: ReferenceScope): Resolved {
  const { client } = scope
  if (!BARE.includes(client) && !SPELT.includes(client)) {
    return { text, wanting: [], referred: false }
  }
  const wanting: string[] = []
  let referred = false
  // Gemini CLI takes `$NAME` as well.
  const pattern =
    client === 'gemini'
      ? /\$\{([^{}]{1,256})\}|\$([A-Za-z_][A-Za-z0-9_]*)/g
      : /\$\{([^{}]{1,256})\}/g
  const out = text.replaceAll(pattern, (whole, braced: string | undefined, bare?: unknown) => {
    const words = braced ?? (typeof bare === 'string' ? bare : '')
    const found = lookUp(words, scope)
    if (found === undefined) {
      wanting.push(words)
      return whole
    }
    referred = true
    return found
  })
  return { text: out, wanting, referred }
}
