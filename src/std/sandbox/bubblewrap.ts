// Holds the sandbox as bubblewrap is asked for it: nothing of the machine but what is listed, no network, no capability, own processes.

import { existsSync, lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { syscallFilter } from './syscall-filter.ts'

/** A folder or file of the machine, and where it stands inside; or a path inside that is covered, whatever shows it until then. */
export type Mount =
  | {
      /** Absolute path outside. */
      readonly from: string
      /** Absolute path inside; absent: the same. */
      readonly to?: string
      readonly write?: boolean
    }
  | { readonly cover: string }

/** What one sandbox is to have. */
export interface SandboxPlan {
  /** Whatever of the machine is seen inside besides its programs; later ones stand above earlier ones. */
  readonly mounts: readonly Mount[]
  /** Folders inside that are empty, in memory and writable; the mounts stand above them. */
  readonly empty: readonly string[]
  readonly cwd: string
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>
  /** True where it shares the terminal of who started it: it then stays in that session, and the filter guards the terminal. */
  readonly terminal: boolean
  readonly hostname: string
}

/** How a sandboxed program is started. */
export interface SandboxLaunch {
  readonly command: string
  readonly args: readonly string[]
  /** Written to descriptor 3 of the process, and then closed. */
  readonly filter?: Uint8Array
}

/** Programs and their libraries: of the machine, and no account's. */
const PROGRAMS = ['/usr', '/bin', '/sbin', '/lib', '/lib32', '/lib64', '/libx32'] as const

/** What programs read of the machine's settings. No keys, no accounts beyond their names, no resolver: names are resolved outside. */
const SETTINGS = [
  'alternatives',
  'bash.bashrc',
  'ca-certificates',
  'group',
  'hosts',
  'inputrc',
  'ld.so.cache',
  'ld.so.conf',
  'ld.so.conf.d',
  'localtime',
  'mime.types',
  'nsswitch.conf',
  'os-release',
  'passwd',
  'pki/tls/certs',
  'pki/ca-trust/extracted',
  'profile',
  'protocols',
  'services',
  'ssl/certs',
  'ssl/openssl.cnf',
  'terminfo',
  'timezone',
] as const

/**
 * Settings of the kernel that belong to its root: a sandbox that root starts has no capability, and would still own these files, so that
 * one line written into `core_pattern` is a program run by the kernel outside. Read only, or covered.
 */
const KERNEL_READ_ONLY = ['/proc/sys', '/proc/bus', '/proc/fs', '/proc/irq'] as const
const KERNEL_COVERED = [
  '/proc/acpi',
  '/proc/asound',
  '/proc/kcore',
  '/proc/keys',
  '/proc/key-users',
  '/proc/latency_stats',
  '/proc/mtrr',
  '/proc/sched_debug',
  '/proc/scsi',
  '/proc/sysrq-trigger',
  '/proc/timer_list',
] as const

/** Where the descriptor of the filter is given. */
const FILTER_FD = 3

/** True where a path is one of the machine's own programs, which every sandbox sees. */
export function isProgramPath(path: string): boolean {
  return PROGRAMS.some((root) => path === root || path.startsWith(`${root}/`))
}

/** How `command` is started by the program `bwrap` in a sandbox of this plan. */
export function sandboxLaunch(
  bwrap: string,
  plan: SandboxPlan,
  command: readonly string[],
  arch: string = process.arch,
): SandboxLaunch {
  const filter = syscallFilter(arch)
  const args = [
    '--unshare-all',
    '--unshare-user',
    '--disable-userns',
    '--die-with-parent',
    '--cap-drop',
    'ALL',
    '--hostname',
    plan.hostname,
    '--clearenv',
    ...Object.entries(plan.env).flatMap(([name, value]) => ['--setenv', name, value]),
    ...machine(),
    ...plan.empty.flatMap((path) => ['--tmpfs', path]),
    ...plan.mounts.flatMap(mounted),
    '--remount-ro',
    '/',
    '--chdir',
    plan.cwd,
  ]
  // Without a filter of this machine's kind the terminal is kept out of its session instead.
  if (!plan.terminal || filter === undefined) args.push('--new-session')
  if (filter !== undefined) args.push('--seccomp', String(FILTER_FD))
  return {
    command: bwrap,
    args: [...args, '--', ...command],
    ...(filter !== undefined && { filter }),
  }
}

/** The machine as every sandbox sees it. */
function machine(): string[] {
  const out: string[] = []
  for (const path of PROGRAMS) {
    if (!existsSync(path)) continue
    if (lstatSync(path).isSymbolicLink()) out.push('--symlink', readlinkSync(path), path)
    else out.push('--ro-bind', path, path)
  }
  for (const name of SETTINGS) out.push('--ro-bind-try', `/etc/${name}`, `/etc/${name}`)
  out.push('--proc', '/proc')
  for (const path of KERNEL_READ_ONLY) if (existsSync(path)) out.push('--ro-bind', path, path)
  out.push(...KERNEL_COVERED.flatMap(cover), '--dev', '/dev')
  return [...out, '--tmpfs', '/tmp', '--tmpfs', '/var/tmp']
}

function mounted(mount: Mount): string[] {
  if ('cover' in mount) return cover(mount.cover)
  const { from, to = from, write = false } = mount
  return [write ? '--bind' : '--ro-bind', from, to]
}

function cover(path: string): string[] {
  if (!existsSync(path)) return []
  const at = realpathSync(path)
  return lstatSync(at).isDirectory() ? ['--tmpfs', at] : ['--ro-bind', '/dev/null', at]
}
