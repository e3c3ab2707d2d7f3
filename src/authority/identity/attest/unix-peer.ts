// Holds who is at the other end of a unix socket: the port to the kernel, and one reading of a process that is whole or nothing.

import { fault } from './unix-faults.ts'

/** What the kernel noted of the peer when it connected (unix(7), SO_PEERCRED). */
export interface PeerCredentials {
  readonly pid: number
  readonly uid: number
  readonly gid: number
}

/** The program file that a process runs, by its inode: a path can lead elsewhere, an inode cannot. */
export interface ProgramFile {
  /** Where the kernel says that it is, with ` (deleted)` and all; undefined where we may not ask. */
  readonly link: string | undefined
  /** True where that path leads, for us and now, to the very file that runs. */
  readonly linkLeadsHere: boolean
  /** `device:inode`. Nobody else can have it while the process runs. */
  readonly inode: string
  /** `device:inode:size:mtime:ctime` in full precision: what a digest of the content is remembered under. */
  readonly file: string
}

/** A hold on one process: as long as `same()` says so, its number has not been given to another. */
export interface ProcessHold {
  /** False once the process has ended, whoever has its number now. */
  same(): boolean
  release(): void
}

/** The kernel, as far as attestation asks it. Fakes stand in for it where a test needs a machine that misbehaves. */
export interface PeerKernel {
  /** Credentials of the peer of a connected socket, by its descriptor. */
  credentials(descriptor: number): PeerCredentials
  /** A hold on that peer; undefined where the kernel has none to give (Linux before 6.5). */
  hold(descriptor: number, pid: number): ProcessHold | undefined
  /** When a process started, as `<boot>.<ticks since boot>`; undefined for none, and for one that we cannot see. */
  started(pid: number): string | undefined
  /** The program that it runs now; undefined where we may not look. */
  program(pid: number): ProgramFile | undefined
  /** SHA-256 of the program that it runs now, hex, and which file was read; undefined where we may not, or it is too large. */
  digest(pid: number): Promise<{ readonly sha256: string; readonly file: string } | undefined>
  /** Control group (cgroup v2), as we see it; undefined where there is none. */
  cgroup(pid: number): string | undefined
  /** Names of an account in `/etc/passwd`. */
  userNames(uid: number): readonly string[]
}

/** A local process, as it was when it connected. */
export interface UnixPeer extends PeerCredentials {
  /** With the pid, names one process for ever. */
  readonly started: string
  /** Inode of the program that it ran then; undefined where we may not look. */
  readonly program: string | undefined
}

/** A connection's peer: who it was when it connected, and whether it still is. */
export class PeerConnection {
  readonly peer: UnixPeer
  readonly #kernel: PeerKernel
  readonly #hold: ProcessHold | undefined

  private constructor(kernel: PeerKernel, peer: UnixPeer, hold: ProcessHold | undefined) {
    this.#kernel = kernel
    this.peer = peer
    this.#hold = hold
  }

  /** Reads the peer of a socket that was just accepted. Throws `unix.peer`; nothing is held then. */
  static accept(kernel: PeerKernel, descriptor: number): PeerConnection {
    const { pid, uid, gid } = kernel.credentials(descriptor)
    // 0: a process of another pid namespace, which has no number here.
    if (pid <= 0) throw fault('unix.peer', 'the peer is no process of this machine')
    const hold = kernel.hold(descriptor, pid)
    try {
      const started = kernel.started(pid)
      const program = kernel.program(pid)?.inode
      if (started === undefined) throw fault('unix.peer', 'the process cannot be seen')
      const one = new PeerConnection(kernel, { pid, uid, gid, started, program }, hold)
      if (!one.same()) throw fault('unix.gone', 'the process that connected has ended')
      return one
    } catch (error) {
      hold?.release()
      throw error
    }
  }

  /**
   * True while the process that connected runs, and runs what it ran then. A program that another replaced (execve) is somebody
   * else: whoever connects and then becomes a trusted program keeps a descriptor in a child that is not.
   */
  same(): boolean {
    const { pid, started, program } = this.peer
    if (this.#kernel.started(pid) !== started) return false
    if (this.#kernel.program(pid)?.inode !== program) return false
    return this.#hold === undefined || this.#hold.same()
  }

  /** Lets go of the process. Nothing is to be asked of this afterwards. */
  release(): void {
    this.#hold?.release()
  }
}
