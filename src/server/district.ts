// Holds whether sandboxes can be had on this machine, found out by making one.

import { spawnSync, type StdioOptions } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Authority } from '../authority/open.ts'
import { isSandboxed, type SandboxSetting } from '../gateway/upstream/sandbox.ts'
import { credentialPlaces } from '../std/sandbox/closed-places.ts'
import { findProgram } from '../std/sandbox/program-place.ts'
import { sandboxLaunch } from '../std/sandbox/bubblewrap.ts'
import type { Settings } from './settings.ts'

/** What was found. */
export type Bubblewrap =
  | { readonly path: string }
  /** Why there are none, with what to do about it. */
  | { readonly missing: string }

/** How long a trial may take (ms). */
const TRIAL_MS = 10_000

/** Where bubblewrap is looked for besides PATH, which whoever starts us may have shortened. */
const PLACES = '/usr/bin:/usr/local/bin:/bin'

/** Finds bubblewrap and makes a sandbox with it. Takes some ten milliseconds. */
export function findBubblewrap(
  environment: Readonly<Record<string, string | undefined>>,
  platform: NodeJS.Platform = process.platform,
): Bubblewrap {
  if (platform !== 'linux') {
    return {
      missing: `there is no sandbox on ${platform}: use Linux, in a container or a virtual machine`,
    }
  }
  const path = findProgram('bwrap', `${PLACES}:${environment['PATH'] ?? ''}`, '/')
  if (path === undefined) {
    return { missing: 'bubblewrap is not installed (Debian and Ubuntu: apt install bubblewrap)' }
  }
  const plan = { mounts: [], empty: [], cwd: '/', env: {}, terminal: false, hostname: 'trial' }
  const { command, args, filter } = sandboxLaunch(path, plan, ['/usr/bin/env', 'true'])
  const { status, stderr } = tried(command, args, filter)
  if (status === 0) return { path }
  const said = stderr.toString('utf8').trim().split('\n', 1)[0]?.slice(0, 200) ?? ''
  return {
    missing: `bubblewrap does not work here: ${said === '' ? 'it ended without a word' : said}${advice()}`,
  }
}

/** How programs of systems are kept apart under these settings. What keeps it from being so is told to the operator's log. */
export function upstreamSandbox(
  settings: Pick<Settings, 'home' | 'environment' | 'upstreamSandbox'>,
  note: (event: string, facts: Readonly<Record<string, string>>) => void,
): Omit<SandboxSetting, 'network'> {
  const mode = settings.upstreamSandbox
  const closed = [resolve(settings.home), ...credentialPlaces(homedir())]
  if (mode === 'off') {
    note('upstreams run without a sandbox', { why: 'BAILIWICK_UPSTREAM_SANDBOX is off' })
    return { mode, bwrap: undefined, closed }
  }
  const found = findBubblewrap(settings.environment)
  if ('path' in found) return { mode, bwrap: found.path, closed }
  const event = mode === 'require' ? 'upstreams cannot start' : 'upstreams run without a sandbox'
  note(event, { why: found.missing })
  return { mode, bwrap: undefined, missing: found.missing, closed }
}

/** Which systems run without a sandbox, and what that means; undefined where none does. */
export function unsandboxed({
  authority,
  sandbox,
}: {
  readonly authority: Pick<Authority, 'systems'>
  readonly sandbox: Omit<SandboxSetting, 'network'>
}): string | undefined {
  const names = authority.systems
    .list()
    .filter(({ definition: { transport } }) => {
      return transport.kind === 'stdio' && !isSandboxed(transport, sandbox)
    })
    .map(({ definition }) => definition.name)
  if (names.length === 0) return undefined
  if (sandbox.mode === 'require' && sandbox.bwrap === undefined) {
    return `programs of systems cannot be started, because BAILIWICK_UPSTREAM_SANDBOX is require: ${sandbox.missing ?? ''}`
  }
  const why =
    sandbox.missing ??
    (sandbox.mode === 'off' ? 'BAILIWICK_UPSTREAM_SANDBOX is off' : 'a person allowed it')
  return `somebody else's code runs without a sandbox and can read what this account can, the home of Bailiwick too (${names.join(', ')}): ${why}`
}

function tried(
  command: string,
  args: readonly string[],
  filter: Uint8Array | undefined,
): { readonly status: number | null; readonly stderr: Buffer } {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-trial-'))
  try {
    const file = join(folder, 'filter')
    writeFileSync(file, filter ?? new Uint8Array())
    const opened = openSync(file, 'r')
    const stdio: StdioOptions = ['ignore', 'ignore', 'pipe', opened]
    try {
      return spawnSync(command, [...args], { env: {}, timeout: TRIAL_MS, stdio })
    } finally {
      closeSync(opened)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What usually keeps it from working, where this machine says so. */
function advice(): string {
  const set = (name: string, value: string): boolean => {
    try {
      return readFileSync(`/proc/sys/${name}`, 'utf8').trim() === value
    } catch {
      // This kernel has no such setting.
      return false
    }
  }
  if (set('kernel/apparmor_restrict_unprivileged_userns', '1')) {
    return '; AppArmor keeps user namespaces from programs without a profile: see docs/operate/run.md'
  }
  if (set('kernel/unprivileged_userns_clone', '0') || set('user/max_user_namespaces', '0')) {
    return '; user namespaces are switched off: sysctl kernel.unprivileged_userns_clone=1, user.max_user_namespaces=16384'
  }
  return ''
}
