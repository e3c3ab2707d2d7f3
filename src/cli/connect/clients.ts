// Holds the clients that can be put behind Bailiwick: where each keeps its servers, in what form, and how it is found.

import { join } from 'node:path'
import { CLIENTS, type ClientName } from '../../wire/client.ts'

export type { ClientName }

/** Whose a file is: of the person, or of the project in this folder. */
export type Scope = 'user' | 'project'

/** A file in which servers may stand. */
export interface ConfigPlace {
  readonly path: string
  readonly scope: Scope
  readonly form: 'jsonc' | 'toml'
  /** Keys from the root to the object of servers; a file may have several. */
  readonly containers: readonly (readonly string[])[]
}

/** Where this is looked at. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly platform: NodeJS.Platform
}

/** One client. */
export interface Client {
  readonly name: ClientName
  readonly title: string
  /** Folders and files that are there where it was used. */
  readonly marks: (at: Surroundings) => readonly string[]
  /** Programs, of which one is on PATH where it is installed. */
  readonly programs: readonly string[]
  readonly places: (at: Surroundings) => readonly ConfigPlace[]
  /** `type` of an entry that is a program, where it writes one always. */
  readonly typed: boolean
  /** How it takes the change up. */
  readonly restart: string
}

function home({ env }: Surroundings): string {
  return env['HOME'] ?? env['USERPROFILE'] ?? '/'
}

/** The folder of an application's settings, by platform. */
function applicationFolder(at: Surroundings, name: string): string {
  if (at.platform === 'darwin') return join(home(at), 'Library', 'Application Support', name)
  if (at.platform === 'win32') return join(at.env['APPDATA'] ?? join(home(at), 'AppData'), name)
  return join(at.env['XDG_CONFIG_HOME'] ?? join(home(at), '.config'), name)
}

function jsonc(path: string, scope: Scope, ...containers: (readonly string[])[]): ConfigPlace {
  return { path, scope, form: 'jsonc', containers }
}

const SERVERS = ['mcpServers']

const claudeCode: Client = {
  name: 'claude-code',
  title: 'Claude Code',
  marks: (at) => [join(home(at), '.claude.json'), join(home(at), '.claude')],
  programs: ['claude'],
  places: (at) => {
    const own = at.env['CLAUDE_CONFIG_DIR'] ?? home(at)
    const local = ['projects', at.cwd, 'mcpServers']
    const path = join(own, '.claude.json')
    return [
      jsonc(path, 'user', SERVERS),
      jsonc(path, 'project', local),
      jsonc(join(at.cwd, '.mcp.json'), 'project', SERVERS),
    ]
  },
  typed: false,
  restart: 'start a new session of Claude Code, or say /mcp in an open one',
}

const claudeDesktop: Client = {
  name: 'claude-desktop',
  title: 'Claude Desktop',
  marks: (at) => [applicationFolder(at, 'Claude'), applicationFolder(at, 'claude')],
  programs: [],
  places: (at) =>
    // Both spellings are found on Linux.
    ['Claude', ...(at.platform === 'linux' ? ['claude'] : [])].map((name) =>
      jsonc(join(applicationFolder(at, name), 'claude_desktop_config.json'), 'user', SERVERS),
    ),
  typed: false,
  restart: 'quit Claude Desktop and start it again',
}

const cursor: Client = {
  name: 'cursor',
  title: 'Cursor',
  marks: (at) => [join(home(at), '.cursor')],
  programs: ['cursor', 'cursor-agent'],
  places: (at) => [
    jsonc(join(home(at), '.cursor', 'mcp.json'), 'user', SERVERS),
    jsonc(join(at.cwd, '.cursor', 'mcp.json'), 'project', SERVERS),
  ],
  typed: false,
  restart: 'reload the window of Cursor',
}

const vscode: Client = {
  name: 'vscode',
  title: 'VS Code',
  marks: (at) => [
    applicationFolder(at, 'Code'),
    applicationFolder(at, 'Code - Insiders'),
    join(at.cwd, '.vscode'),
  ],
  programs: ['code', 'code-insiders'],
  places: (at) => [
    ...['Code', 'Code - Insiders'].map((name) =>
      jsonc(join(applicationFolder(at, name), 'User', 'mcp.json'), 'user', ['servers']),
    ),
    jsonc(join(at.cwd, '.vscode', 'mcp.json'), 'project', ['servers']),
  ],
  typed: true,
  restart: 'restart the servers from the list of MCP servers in VS Code',
}

const codex: Client = {
  name: 'codex',
  title: 'Codex',
  marks: (at) => [at.env['CODEX_HOME'] ?? join(home(at), '.codex')],
  programs: ['codex'],
  places: (at) => {
    const containers = [['mcp_servers']]
    const own = at.env['CODEX_HOME'] ?? join(home(at), '.codex')
    return [
      { path: join(own, 'config.toml'), scope: 'user', form: 'toml', containers },
      { path: join(at.cwd, '.codex', 'config.toml'), scope: 'project', form: 'toml', containers },
    ]
  },
  typed: false,
  restart: 'start a new session of Codex',
}

const gemini: Client = {
  name: 'gemini',
  title: 'Gemini CLI',
  marks: (at) => [join(home(at), '.gemini', 'settings.json')],
  programs: ['gemini'],
  places: (at) => [
    jsonc(join(home(at), '.gemini', 'settings.json'), 'user', SERVERS),
    jsonc(join(at.cwd, '.gemini', 'settings.json'), 'project', SERVERS),
  ],
  typed: false,
  restart: 'start Gemini CLI again',
}

const plain: Client = {
  name: 'mcp-json',
  title: 'a plain .mcp.json',
  marks: (at) => [join(at.cwd, '.mcp.json')],
  programs: [],
  places: (at) => [jsonc(join(at.cwd, '.mcp.json'), 'project', SERVERS)],
  typed: false,
  restart: 'start the program that reads this file again',
}

const KNOWN: Readonly<Record<ClientName, Client>> = {
  'claude-code': claudeCode,
  'claude-desktop': claudeDesktop,
  cursor,
  vscode,
  codex,
  gemini,
  'mcp-json': plain,
}

/** Every client, in the order of the help. */
export const ALL_CLIENTS: readonly Client[] = CLIENTS.map((name) => KNOWN[name])

/** The client of a name; undefined for any other text. */
export function clientNamed(name: string): Client | undefined {
  return ALL_CLIENTS.find((client) => client.name === name)
}

/** A file that the person names, read in the form of the client's own. */
export function placeOf(client: Client, path: string, at: Surroundings): ConfigPlace {
  const [first] = client.places(at)
  const form = client.name === 'codex' ? 'toml' : 'jsonc'
  const local = client.name === 'claude-code' ? [['projects', at.cwd, 'mcpServers']] : []
  return { path, scope: 'user', form, containers: [...(first?.containers ?? []), ...local] }
}
