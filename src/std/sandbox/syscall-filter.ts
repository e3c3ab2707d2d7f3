// Holds the system call filter of a sandbox: a classic BPF program that refuses what no agent and no upstream needs.

/** Audit architecture and system call numbers of one machine (linux/audit.h, asm/unistd.h). */
interface Machine {
  readonly audit: number
  /** Numbers at or above this one belong to another ABI of the same machine (x32). */
  readonly foreign?: number
  readonly socket: number
  readonly socketpair: number
  readonly ioctl: number
  readonly clone: number
  /** Refused with EPERM. */
  readonly refused: readonly number[]
}

/** New on every machine under one number: new mount calls, and pidfd_getfd, which takes descriptors out of other processes. */
const REFUSED_ANYWHERE = [428, 429, 430, 431, 432, 433, 438, 442]
/** Answered as if the kernel had none (ENOSYS), so that programs fall back: io_uring, which makes sockets unseen, and clone3. */
const ABSENT_ANYWHERE = [425, 426, 427, 435]

const MACHINES: Readonly<Partial<Record<string, Machine>>> = {
  x64: {
    audit: 0xc000003e,
    foreign: 0x40000000,
    socket: 41,
    socketpair: 53,
    ioctl: 16,
    clone: 56,
    // mount, umount2, pivot_root, init_module, delete_module, kexec_load, add_key, request_key, keyctl, unshare, perf_event_open,
    // open_by_handle_at, setns, finit_module, kexec_file_load, bpf, userfaultfd
    refused: [165, 166, 155, 175, 176, 246, 248, 249, 250, 272, 298, 304, 308, 313, 320, 321, 323],
  },
  arm64: {
    audit: 0xc00000b7,
    socket: 198,
    socketpair: 199,
    ioctl: 29,
    clone: 220,
    refused: [40, 39, 41, 105, 106, 104, 217, 218, 219, 97, 241, 265, 268, 273, 294, 280, 282],
  },
}

/** Address families that a socket may have: unix, IPv4, IPv6, netlink. Others (vsock above all) know no network namespace. */
const FAMILIES = [1, 2, 10, 16]
/** TIOCSTI and TIOCLINUX: they type into the terminal, where a shell outside would read it (CVE-2017-5226). */
const TERMINAL_INPUT = [0x5412, 0x541c]
const CLONE_NEWUSER = 0x10000000

const EPERM = 1
const ENOSYS = 38
const EAFNOSUPPORT = 97

const LOAD = 0x20
const EQUAL = 0x15
const AT_LEAST = 0x35
const ANY_BIT = 0x45
const RETURN = 0x06
const ALLOW = 0x7fff0000
const KILL = 0x80000000
const REFUSE = 0x00050000

/** Offsets in seccomp_data; arguments are 64 bits, of which these calls read the low half (little endian). */
const NUMBER = 0
const ARCHITECTURE = 4
const ARGUMENT = [16, 24] as const

type Instruction = readonly [code: number, yes: number, no: number, value: number]

/**
 * The filter for this machine, as `bwrap --seccomp` reads it; undefined for a machine that it was not written for. What it does not
 * name is let through: it is a second fence behind namespaces without capabilities, and the only one around the terminal.
 */
export function syscallFilter(arch: string): Uint8Array | undefined {
  const machine = MACHINES[arch]
  return machine === undefined ? undefined : assemble(instructions(machine))
}

function instructions(machine: Machine): Instruction[] {
  const refuse = (error: number): Instruction => [RETURN, 0, 0, REFUSE | error]
  const load = (offset: number): Instruction => [LOAD, 0, 0, offset]
  const out: Instruction[] = [
    load(ARCHITECTURE),
    [EQUAL, 1, 0, machine.audit],
    [RETURN, 0, 0, KILL],
    load(NUMBER),
  ]
  if (machine.foreign !== undefined) {
    out.push([AT_LEAST, 0, 1, machine.foreign], refuse(ENOSYS))
  }
  for (const number of [...machine.refused, ...REFUSED_ANYWHERE]) {
    out.push([EQUAL, 0, 1, number], refuse(EPERM))
  }
  for (const number of ABSENT_ANYWHERE) out.push([EQUAL, 0, 1, number], refuse(ENOSYS))
  for (const number of [machine.socket, machine.socketpair]) {
    const ending = [...FAMILIES.map(() => 0), 0]
    // Each family jumps over those that follow and over the refusal.
    const families = FAMILIES.map((family, at): Instruction => [
      EQUAL,
      ending.length - 1 - at,
      0,
      family,
    ])
    out.push([EQUAL, 0, families.length + 3, number], load(ARGUMENT[0]), ...families)
    out.push(refuse(EAFNOSUPPORT), [RETURN, 0, 0, ALLOW])
  }
  const inputs = TERMINAL_INPUT.map((request, at): Instruction => [
    EQUAL,
    TERMINAL_INPUT.length - at,
    0,
    request,
  ])
  out.push([EQUAL, 0, inputs.length + 3, machine.ioctl], load(ARGUMENT[1]), ...inputs)
  out.push([RETURN, 0, 0, ALLOW], refuse(EPERM))
  out.push([EQUAL, 0, 3, machine.clone], load(ARGUMENT[0]))
  out.push([ANY_BIT, 0, 1, CLONE_NEWUSER], refuse(EPERM))
  out.push([RETURN, 0, 0, ALLOW])
  return out
}

/** `struct sock_filter[]`: code (16 bits), two jumps (8 bits each), value (32 bits), little endian. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(program.length * 8))
  for (const [at, [code, yes, no, value]] of program.entries()) {
    bytes.setUint16(at * 8, code, true)
    bytes.setUint8(at * 8 + 2, yes)
    bytes.setUint8(at * 8 + 3, no)
    bytes.setUint32(at * 8 + 4, value >>> 0, true)
  }
  return new Uint8Array(bytes.buffer)
}
