// Holds how an upstream program is started: in a sandbox of its own, since it is somebody else's code.

import { lstatSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import {
  findProgram,
  installedIn,
  isBroad,
  isWithin,
  realPath,
} from '../../std/sandbox/program-place.ts'
import {
  isProgramPath,
  sandboxLaunch,
  type Mount,
  type SandboxLaunch,
} from '../../std/sandbox/bubblewrap.ts'
import { hostList } from '../egress/host-list.ts'
import { openHostDoor, type HostDoor } from '../egress/host-door.ts'
import { gatewayFault } from '../faults.ts'
import type { Network } from '../net/network.ts'
import type { StdioTransport } from '../../wire/system.ts'

/** Whether upstreams are sandboxed: always or not started, where it can be had, or never. */
export type SandboxMode = 'require' | 'prefer' | 'off'

/** How upstreams of this gateway are sandboxed. */
export interface SandboxSetting {
  readonly mode: SandboxMode
  /** The program `bwrap`, where it is there and works. */
  readonly bwrap: string | undefined
  /** Why it is not there or does not work, with what to do; absent where it works. */
  readonly missing?: string
  /** Folders that no upstream sees, whatever its registration says: the home of Bailiwick first of all. */
  readonly closed: readonly string[]
  /** By which it connects to the hosts that a system declares. */
  readonly network: Network
}

/** A program to start. */
export interface ProgramPlan {
  readonly transport: StdioTransport
  /** The folder of its own: HOME and TMPDIR. */
  readonly home: string
  readonly env: Readonly<Record<string, string>>
}

/** How it is started. */
export interface ProgramLaunch extends SandboxLaunch {
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  /** Ends what was opened for it; called once it is gone. */
  readonly close: () => void
}

/** Where things of ours stand inside. */
const OURS = '/run/bailiwick'
const RELAY = fileURLToPath(new URL('../../std/sandbox/relay.ts', import.meta.url))
/** Port of the proxy inside; its network is its own. */
const PROXY_PORT = 3128

/** True where programs of this transport run in a sandbox under this setting. */
export function isSandboxed(
  { sandbox }: Pick<StdioTransport, 'sandbox'>,
  { mode, bwrap }: Pick<SandboxSetting, 'mode' | 'bwrap'>,
): boolean {
  return sandbox?.off !== true && mode !== 'off' && bwrap !== undefined
}

/** How a program is started. Throws `upstream.sandbox` where it has to be sandboxed and cannot be. */
export function launchOf(plan: ProgramPlan, setting: SandboxSetting): ProgramLaunch {
  const { transport, home, env } = plan
  const { bwrap, mode } = setting
  if (!isSandboxed(transport, setting) || bwrap === undefined) {
    if (mode === 'require' && transport.sandbox?.off !== true) {
      throw gatewayFault('upstream.sandbox', setting.missing ?? 'no sandbox can be had here')
    }
    const { command, args, cwd = home } = transport
    return { command, args, cwd, env, close: () => undefined }
  }
  const door = doorOf(transport, setting)
  const launch = sandboxLaunch(
    bwrap,
    {
      mounts: [...mountsOf(plan, setting), ...(door === undefined ? [] : relayMounts(door.path))],
      empty: [home, ...(canBeEmpty(transport.cwd) ? [transport.cwd] : [])],
      cwd: transport.cwd ?? home,
      env: { ...env, ...(door !== undefined && PROXY_ENV) },
      terminal: false,
      hostname: 'upstream',
    },
    door === undefined
      ? [transport.command, ...transport.args]
      : [
          `${OURS}/node`,
          `${OURS}/relay.ts`,
          `${OURS}/door`,
          String(PROXY_PORT),
          transport.command,
          ...transport.args,
        ],
  )
  return { ...launch, cwd: '/', env: {}, close: () => door?.close() }
}

/** What every program that knows proxies is told; Node's own clients as well. */
const PROXY = `http://127.0.0.1:${PROXY_PORT}`
const INSIDE = '127.0.0.1,localhost,::1'
const PROXY_ENV: Readonly<Record<string, string>> = {
  HTTP_PROXY: PROXY,
  HTTPS_PROXY: PROXY,
  ALL_PROXY: PROXY,
  http_proxy: PROXY,
  https_proxy: PROXY,
  all_proxy: PROXY,
  NO_PROXY: INSIDE,
  no_proxy: INSIDE,
  NODE_USE_ENV_PROXY: '1',
}

function relayMounts(door: string): Mount[] {
  return [
    { from: realpathSync(process.execPath), to: `${OURS}/node` },
    { from: RELAY, to: `${OURS}/relay.ts` },
    { from: door, to: `${OURS}/door` },
  ]
}

/** The way to the hosts that its system declares; undefined where it declares none. */
function doorOf({ sandbox }: StdioTransport, { network }: SandboxSetting): HostDoor | undefined {
  const hosts = hostList(sandbox?.network ?? [])
  if (hosts.size === 0) return undefined
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-upstream-'))
  const door = openHostDoor(join(folder, 'door'), hosts, network)
  return {
    path: door.path,
    close: () => {
      door.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/**
 * What it sees: its own folder, writable; what its registration grants; and to read alone where its program is installed, with every path
 * that its words name. What is closed stays closed, whatever shows it.
 */
function mountsOf({ transport, home }: ProgramPlan, { closed }: SandboxSetting): Mount[] {
  const { args, command, cwd = home, sandbox = {} } = transport
  const own = { from: home, write: true }
  const program = findProgram(command, '/usr/bin:/bin', cwd) ?? command
  const named = [cwd, ...args.flatMap((word) => pathsIn(word, cwd))]
  const homes = [homedir(), ...closed]
  const shown = [
    ...installedIn(program),
    ...named.flatMap((path) => [...(isFile(path) ? installedIn(path) : []), path]),
  ].filter((path) => !isBroad(path, homes))
  // A path that a person granted is shown even where it holds much.
  const granted = [
    ...(sandbox.read ?? []).map((from) => ({ from, write: false })),
    ...(sandbox.write ?? []).map((from) => ({ from, write: true })),
  ].filter(({ from }) => isAbsolute(from) && exists(from))
  const mounts = [...shown.map((from) => ({ from, write: false })), ...granted]
    // Wider ones first, so that what is granted within them stands above.
    .sort((a, b) => a.from.length - b.from.length || Number(a.write) - Number(b.write))
  const inside = ({ from }: { readonly from: string }): boolean =>
    closed.some((folder) => isWithin(realpathSync(from), realPath(folder)))
  return [
    ...mounts.filter((mount) => exists(mount.from) && !inside(mount)),
    ...closed.map((cover) => ({ cover })),
    own,
  ]
}

/** A working folder that nothing shows is there and empty; one of the machine's own stays what it is. */
function canBeEmpty(cwd: string | undefined): cwd is string {
  if (cwd === undefined || !isAbsolute(cwd) || isProgramPath(cwd)) return false
  return !['/', '/dev', '/etc', '/proc', '/run', '/tmp', '/var'].includes(resolve(cwd))
}

/** Paths that a word of the command line names and that are there: the word, or what stands behind its first `=`. */
function pathsIn(word: string, cwd: string): string[] {
  const value = word.startsWith('-') ? word.slice(word.indexOf('=') + 1) : word
  if (!value.includes('/') || value.includes('://') || value.startsWith('-')) return []
  const path = resolve(cwd, value)
  return exists(path) && dirname(path) !== path ? [path] : []
}

function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === false
}

function exists(path: string): boolean {
  try {
    realpathSync(path)
    return true
  } catch {
    // Not there, or a link to nowhere: there is nothing to show.
    return false
  }
}
