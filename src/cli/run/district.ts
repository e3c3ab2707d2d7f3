// Holds what a district shows its agent: the machine's programs, the folders that it may have, and one way out.

import { existsSync, realpathSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { dirname, join, resolve } from 'node:path'
import type { Mount, SandboxPlan } from '../../std/sandbox/bubblewrap.ts'
import { credentialPlaces } from '../../std/sandbox/closed-places.ts'
import { findProgram, installedIn, isBroad, isWithin } from '../../std/sandbox/program-place.ts'
import { fault } from './faults.ts'

/** What a person says of a district. */
export interface DistrictTerms {
  /** Absolute. */
  readonly cwd: string
  /** Absolute folder of the account that starts it. */
  readonly account: string
  /** Homes of Bailiwick on this machine that are known: never shown. */
  readonly homes: readonly string[]
  readonly read: readonly string[]
  readonly write: readonly string[]
  /** Names of variables that it is given besides the usual ones. */
  readonly variables: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly command: readonly string[]
  /** True where it is given a terminal. */
  readonly terminal: boolean
}

/** A district that can be started. */
export interface District {
  readonly plan: SandboxPlan
  /** The command line inside, relay first. */
  readonly command: readonly string[]
  readonly reads: readonly string[]
  readonly writes: readonly string[]
  readonly closed: readonly string[]
}

/** Port of the gateway and of its proxy inside: what clients are configured for outside, too. */
const INNER_PORT = 7401
const INNER = `http://127.0.0.1:${INNER_PORT}`
const OURS = '/run/bailiwick'
const RELAY = fileURLToPath(new URL('../../std/sandbox/relay.ts', import.meta.url))
const PACKAGE = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')

/** Variables that an agent is given as they are; whatever else there is stays outside, because it may hold a credential. */
const KEPT =
  /^(?:LANG|LC_[A-Z]+|TZ|TERM|COLORTERM|TERM_PROGRAM|COLUMNS|LINES|NO_COLOR|FORCE_COLOR|USER|LOGNAME|SHELL|EDITOR|PAGER)$/

/** Files of a project that programs outside run when they come by: to be read and not to be changed. */
const GUARDED = ['.git/hooks', '.git/config', '.envrc', '.vscode', '.idea'] as const

/** Plans a district. Throws `run.folder` for a folder that must not be shown, and `run.command` where there is no program. */
export function planDistrict(terms: DistrictTerms, door: string): District {
  const { account, command, cwd, read, write, terminal } = terms
  const program = programOf(terms)
  const closed = [...new Set(terms.homes.flatMap(realHome))]
  for (const path of [cwd, ...read, ...write]) checkShown(path, closed)
  const ownProject = isBroad(cwd, [account]) && !write.includes(cwd) ? [] : [cwd]
  if (ownProject.length === 0 && !read.includes(cwd)) {
    throw fault('run.folder', `${cwd} holds more than one project`)
  }
  const named = new Set([...read, ...write].map((path) => resolve(path)))
  const credentials = credentialPlaces(account).filter((path) => !named.has(path))
  const writes = [...new Set([...ownProject, ...write])]
  const reads = [...new Set([...installedIn(program), ...ourProgram(), ...read])].filter(
    (path) => named.has(path) || (!isBroad(path, [account]) && !writes.includes(path)),
  )
  const mounts: Mount[] = [
    ...[
      ...reads.map((from) => ({ from, write: false })),
      ...writes.map((from) => ({ from, write: true })),
    ].sort((a, b) => a.from.length - b.from.length),
    ...ownProject.flatMap((project) => guarded(project, named)),
    ...[...closed, ...credentials].map((cover) => ({ cover })),
    { from: realpathSync(process.execPath), to: `${OURS}/node` },
    { from: RELAY, to: `${OURS}/relay.ts` },
    { from: door, to: `${OURS}/door` },
  ]
  return {
    plan: {
      mounts,
      empty: [account],
      cwd,
      env: environment(terms),
      terminal,
      hostname: 'district',
    },
    command: [
      `${OURS}/node`,
      `${OURS}/relay.ts`,
      `${OURS}/door`,
      String(INNER_PORT),
      program,
      ...command.slice(1),
    ],
    reads,
    writes,
    closed: [...closed, ...credentials.filter((path) => existsSync(path))],
  }
}

function programOf({ command, cwd, env }: DistrictTerms): string {
  const [name = ''] = command
  const found = findProgram(name, env['PATH'] ?? '', cwd)
  if (found === undefined)
    throw fault('run.command', `there is no program \`${name.slice(0, 200)}\``)
  return found
}

/** Both ways to a home: the path as it was named, and where it leads. */
function realHome(home: string): string[] {
  return existsSync(home) ? [home, realpathSync(home)] : [home]
}

function checkShown(path: string, closed: readonly string[]): void {
  if (!existsSync(path)) throw fault('run.folder', `${path} is not there`)
  const real = realpathSync(path)
  if (closed.some((home) => isWithin(real, home))) {
    throw fault('run.folder', `${path} is in the home of Bailiwick, which no agent sees`)
  }
}

function guarded(project: string, named: ReadonlySet<string>): Mount[] {
  return GUARDED.map((name) => join(project, name))
    .filter((path) => existsSync(path) && !named.has(path))
    .map((from) => ({ from, write: false }))
}

/** Bailiwick's own program, so that `bailiwick mcp` works inside; the rest of its folder is not shown. */
function ourProgram(): string[] {
  return ['bin', 'src', 'node_modules', 'package.json', 'dist']
    .map((name) => join(PACKAGE, name))
    .filter((path) => existsSync(path))
}

function environment({ account, env, variables }: DistrictTerms): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (value !== undefined && (KEPT.test(name) || variables.includes(name))) out[name] = value
  }
  const inside = '127.0.0.1,localhost,::1'
  const proxies = [
    'HTTP_PROXY',
    'HTTPS_PROXY',
    'ALL_PROXY',
    'http_proxy',
    'https_proxy',
    'all_proxy',
  ]
  for (const name of proxies) out[name] = INNER
  return {
    ...out,
    HOME: account,
    PATH: `${env['PATH'] ?? '/usr/bin:/bin'}:${join(PACKAGE, 'bin')}`,
    NO_PROXY: inside,
    no_proxy: inside,
    // Node's own clients ask for proxies only where they are told to.
    NODE_USE_ENV_PROXY: '1',
    BAILIWICK_DISTRICT: INNER,
  }
}

/** The folder of the account, from the environment of whoever starts it. */
export function accountFolder(
  env: Readonly<Record<string, string | undefined>>,
  home: string,
): string {
  const named = env['HOME'] ?? ''
  return named.startsWith('/') && dirname(named) !== named ? resolve(named) : home
}
