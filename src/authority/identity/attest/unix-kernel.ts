// Holds the kernel of this machine as the `unix` attestor asks it: socket options through libc, and /proc.

import { closeSync, readFileSync, readlinkSync, statSync } from 'node:fs'
import koffi from 'koffi'
import { ExecutableDigests, fileKey } from './unix-executable.ts'
import { fault } from './unix-faults.ts'
import type { PeerCredentials, PeerKernel, ProcessHold, ProgramFile } from './unix-peer.ts'

const SOL_SOCKET = 1
const SO_PEERCRED = 17
/** Linux 6.5 and later: a descriptor of the very process that connected. */
const SO_PEERPIDFD = 77
/** Larger files of accounts are not searched. */
const MAX_PASSWD = 4 * 1024 * 1024

type GetSockOpt = (
  descriptor: number,
  level: number,
  option: number,
  value: Uint8Array,
  length: Uint32Array,
) => number

/** True when `error` says that the process is gone, or is not ours to look at. */
function unseen(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENOTDIR', 'ELOOP'].includes(String(code))
}

/** What `read` answers, or undefined where the process is gone or closed to us. */
function seen<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (unseen(error)) return undefined
    throw error
  }
}

/** The `Pid:` of what a pidfd holds (proc(5), fdinfo): -1 once it has ended and was waited for. */
function heldPid(pidfd: number): number {
  const line = /^Pid:\t(-?\d+)$/m.exec(readFileSync(`/proc/self/fdinfo/${pidfd}`, 'utf8'))
  return Number(line?.[1] ?? -1)
}

class LinuxKernel implements PeerKernel {
  readonly #getsockopt: GetSockOpt
  readonly #boot: string
  readonly #digests = new ExecutableDigests()
  #accounts: { readonly key: string; readonly names: ReadonlyMap<number, string[]> } | undefined

  constructor() {
    // Node itself is linked against libc, whichever that is: its own symbols are those of the C library.
    const library = koffi.load(null)
    const signature = 'int getsockopt(int, int, int, _Out_ void *, _Inout_ uint32_t *)'
    this.#getsockopt = library.func(signature) as unknown as GetSockOpt
    this.#boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').slice(0, 8)
  }

  credentials(descriptor: number): PeerCredentials {
    const read = this.#option(descriptor, SO_PEERCRED, 12)
    if (read === undefined) throw fault('unix.peer', 'the peer of the socket cannot be known')
    return {
      pid: read.getInt32(0, true),
      uid: read.getUint32(4, true),
      gid: read.getUint32(8, true),
    }
  }

  hold(descriptor: number, pid: number): ProcessHold | undefined {
    const pidfd = this.#option(descriptor, SO_PEERPIDFD, 4)?.getInt32(0, true)
    if (pidfd === undefined) return undefined
    let open = true
    return {
      same: () => open && heldPid(pidfd) === pid,
      release: () => {
        if (open) closeSync(pidfd)
        open = false
      },
    }
  }

  started(pid: number): string | undefined {
    const stat = seen(() => readFileSync(`/proc/${pid}/stat`, 'latin1'))
    if (stat === undefined) return undefined
    // The name in parentheses is the process's own choice; what counts comes after the last one (proc(5): field 22).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const [state, ticks] = [fields[0], fields[19]]
    if (ticks === undefined || !/^\d+$/.test(ticks) || state === 'Z' || state === 'X')
      return undefined
    return `${this.#boot}.${ticks}`
  }

  program(pid: number): ProgramFile | undefined {
    const path = `/proc/${pid}/exe`
    const running = seen(() => statSync(path, { bigint: true }))
    if (running === undefined) return undefined
    const link = seen(() => readlinkSync(path))
    const there = link === undefined ? undefined : seen(() => statSync(link, { bigint: true }))
    return {
      link,
      linkLeadsHere: there?.dev === running.dev && there.ino === running.ino,
      inode: `${running.dev}:${running.ino}`,
      file: fileKey(running),
    }
  }

  digest(pid: number): ReturnType<PeerKernel['digest']> {
    return this.#digests.of(`/proc/${pid}/exe`)
  }

  cgroup(pid: number): string | undefined {
    const text = seen(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    return /^0::(\/.*)$/m.exec(text ?? '')?.[1]
  }

  userNames(uid: number): readonly string[] {
    const stat = seen(() => statSync('/etc/passwd', { bigint: true }))
    if (stat === undefined || stat.size > MAX_PASSWD) return []
    const key = fileKey(stat)
    if (this.#accounts?.key !== key) this.#accounts = { key, names: accounts() }
    return this.#accounts.names.get(uid) ?? []
  }

  /** The value of a socket option; undefined where the kernel has none. */
  #option(descriptor: number, option: number, size: number): DataView | undefined {
    const value = new Uint8Array(size)
    const length = Uint32Array.of(size)
    if (this.#getsockopt(descriptor, SOL_SOCKET, option, value, length) !== 0) return undefined
    return length[0] === size ? new DataView(value.buffer) : undefined
  }
}

/** Names by number (passwd(5)). */
function accounts(): Map<number, string[]> {
  const names = new Map<number, string[]>()
  for (const line of readFileSync('/etc/passwd', 'utf8').split('\n')) {
    const [name, , uid] = line.split(':')
    if (name === undefined || uid === undefined || !/^\d+$/.test(uid)) continue
    names.set(Number(uid), [...(names.get(Number(uid)) ?? []), name])
  }
  return names
}

/**
 * The kernel of this machine. Throws `unix.unsupported` where it is not Linux, or where /proc shows another pid namespace than ours:
 * numbers of processes would be those of others.
 */
export function linuxKernel(): PeerKernel {
  if (process.platform !== 'linux') {
    throw fault('unix.unsupported', 'local processes can be known on Linux only')
  }
  if (seen(() => readlinkSync('/proc/self')) !== String(process.pid)) {
    throw fault('unix.unsupported', '/proc is not that of this process')
  }
  return new LinuxKernel()
}
