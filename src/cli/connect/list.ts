// Holds `connect --list`: clients, their files, their servers, and which of them go through Bailiwick.

import { accessSync, constants, existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { digest } from '../../std/bytes.ts'
import { Fault } from '../../std/fault.ts'
import { ConnectionsAnswer, type Connection } from '../../wire/api/connection.ts'
import type { Context } from '../context.ts'
import { table, type Surface } from '../terminal/table.ts'
import { readBridge } from './bridge-entry.ts'
import { ALL_CLIENTS, type Client, type Surroundings } from './clients.ts'
import { knownClient, surroundings } from './known.ts'
import { ADVICE } from './draw.ts'
import { foundFiles, type FoundFile } from './plan.ts'

/** Servers of Claude Code that an administrator of the machine sets (Linux). */
const MANAGED = '/etc/claude-code/managed-mcp.json'

/** One file of a client. */
interface ListedFile {
  readonly client: string
  readonly path: string
  /** `as-connected`, `changed-since`, `as-before`: of a file that was connected; `direct` of one that was not; `unreadable`. */
  readonly state: string
  readonly trouble?: string
  readonly servers: readonly { readonly name: string; readonly through: string | null }[]
}

function onPath({ env }: Surroundings, program: string): boolean {
  return (env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK)
      return folder !== ''
    } catch {
      // Not there, or not for us.
      return false
    }
  })
}

/** True where a client was used here, or can be started. */
function isInstalled(client: Client, at: Surroundings): boolean {
  return (
    client.marks(at).some((path) => existsSync(path)) ||
    client.programs.some((one) => onPath(at, one))
  )
}

function stateOf({ file }: FoundFile, connections: readonly Connection[]): string {
  const ours = connections.filter(({ path, part }) => path === file.path && part === 'servers')
  const last = ours.at(-1)
  if (last === undefined || file.bytes === undefined) return 'direct'
  const now = digest(file.bytes)
  if (now === last.after) return 'as-connected'
  return now === last.before ? 'as-before' : 'changed-since'
}

function filesOf(
  client: Client,
  at: Surroundings,
  home: string,
  connections: readonly Connection[],
): ListedFile[] {
  const { found, broken } = foundFiles(client.places(at))
  const good = found.map((one): ListedFile => {
    const { document, file, place } = one
    const base = { client: client.name, path: file.path }
    try {
      const servers = document.entries(place.containers).map(({ place: keys, value }) => {
        const bridge = readBridge(value)
        const through =
          bridge === undefined
            ? null
            : bridge.home === home
              ? bridge.system
              : `${bridge.system} of another Bailiwick`
        return { name: keys.at(-1) ?? '', through }
      })
      return { ...base, state: stateOf(one, connections), servers }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return { ...base, state: 'unreadable', trouble: error.detail, servers: [] }
    }
  })
  const bad = broken.map(({ path, trouble }) => ({
    client: client.name,
    path,
    state: 'unreadable',
    trouble: trouble.detail,
    servers: [],
  }))
  return [...good, ...bad]
}

function draw(files: readonly ListedFile[], surface: Surface): string {
  return table(
    ['CLIENT', 'SERVER', 'THROUGH', 'STATE', { title: 'FILE', whole: true }],
    files.flatMap(({ client, path, servers, state, trouble }) =>
      servers.length === 0
        ? [[client, '', '', trouble ?? 'no servers', path]]
        : servers.map(({ name, through }) => [
            client,
            name,
            through === null ? { text: 'directly', style: 'yellow' as const } : through,
            state,
            path,
          ]),
    ),
    surface,
  )
}

/** Runs `connect --list`. Without a server it says what the files say. */
export async function listed(context: Context, name: string | undefined): Promise<void> {
  const at = surroundings(context)
  const clients = name === undefined ? ALL_CLIENTS : [knownClient(name)]
  const { connections, known } = await connectionsOf(context)
  const files = clients.flatMap((client) => filesOf(client, at, context.home, connections))
  const installed = clients.map((client) => ({
    name: client.name,
    installed: isInstalled(client, at),
  }))
  const { screen } = context
  screen.answer({ clients: installed, files, connections }, (surface) => draw(files, surface))
  if (!known) screen.say('no server was asked: what stands here is what the files say')
  const direct = files.some(({ servers }) => servers.some(({ through }) => through === null))
  if (direct) screen.say('what goes directly is not seen: bailiwick connect CLIENT')
  if (connections.some(({ part }) => part === 'hooks')) screen.say(ADVICE)
  if (existsSync(MANAGED))
    screen.say(`${MANAGED} is there: Claude Code starts its servers instead of a person’s own`)
}

async function connectionsOf(
  context: Context,
): Promise<{ readonly connections: readonly Connection[]; readonly known: boolean }> {
  try {
    const control = await context.control()
    return { ...(await control.get('/v1/connections', ConnectionsAnswer)), known: true }
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return { connections: [], known: false }
  }
}
