// Holds a kernel that a test owns: processes that start, end, exec and hand on their number when the test says so.

import type {
  PeerCredentials,
  PeerKernel,
  ProcessHold,
  ProgramFile,
} from '../../src/authority/identity/attest/unix-peer.ts'

/** One process of that machine. */
export interface FakeProcess {
  uid: number
  gid: number
  started: string
  program: ProgramFile | undefined
  sha256: string | undefined
  cgroup: string | undefined
}

/** A program file; the number tells one inode from another. */
export function programFile(
  link: string | undefined,
  inode = 1,
  linkLeadsHere = true,
): ProgramFile {
  return { link, linkLeadsHere, inode: `8:${inode}`, file: `8:${inode}:100:1:1` }
}

/** Descriptors are pids here: whoever connects is the process of that number. */
export class FakeKernel implements PeerKernel {
  readonly processes = new Map<number, FakeProcess>()
  /** False for a kernel before 6.5, which has no hold to give. */
  holds = true
  /** Holds that were given and not released. */
  held = 0
  /** Runs before each digest, as slow as a test wants. */
  beforeDigest: () => void | Promise<void> = () => undefined
  readonly names = new Map<number, string[]>([[1000, ['alice']]])

  start(pid: number, process: Partial<FakeProcess> = {}): FakeProcess {
    const made: FakeProcess = {
      uid: 1000,
      gid: 1000,
      started: `boot.${this.processes.size + 1}`,
      program: programFile('/opt/agents/sorter'),
      sha256: 'ab'.repeat(32),
      cgroup: '/system.slice/sorter.service',
      ...process,
    }
    this.processes.set(pid, made)
    return made
  }

  credentials(descriptor: number): PeerCredentials {
    const { uid = 0, gid = 0 } = this.processes.get(descriptor) ?? {}
    return { pid: this.processes.has(descriptor) ? descriptor : 0, uid, gid }
  }

  hold(_descriptor: number, pid: number): ProcessHold | undefined {
    if (!this.holds) return undefined
    const process = this.processes.get(pid)
    this.held++
    return {
      same: () => this.processes.get(pid) === process,
      release: () => void this.held--,
    }
  }

  started(pid: number): string | undefined {
    return this.processes.get(pid)?.started
  }

  program(pid: number): ProgramFile | undefined {
    return this.processes.get(pid)?.program
  }

  async digest(pid: number): ReturnType<PeerKernel['digest']> {
    await this.beforeDigest()
    const { program, sha256 } = this.processes.get(pid) ?? {}
    return program === undefined || sha256 === undefined
      ? undefined
      : { sha256, file: program.file }
  }

  cgroup(pid: number): string | undefined {
    return this.processes.get(pid)?.cgroup
  }

  userNames(uid: number): readonly string[] {
    return this.names.get(uid) ?? []
  }
}
