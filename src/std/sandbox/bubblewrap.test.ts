// Holds tests of the sandbox itself: each thing that it keeps out is tried from inside, with the real bubblewrap.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { sandboxLaunch, type SandboxPlan } from './bubblewrap.ts'

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), 'bailiwick-sandbox-'))
  t.after(() => rmSync(made, { recursive: true, force: true }))
  return made
}

/** Runs a command in a sandbox of this plan; what it said and how it ended. */
function inside(t: TestContext, plan: Partial<SandboxPlan>, ...command: string[]) {
  const launch = sandboxLaunch(
    'bwrap',
    {
      mounts: [],
      empty: [],
      cwd: '/',
      env: { PATH: '/usr/bin:/bin' },
      terminal: false,
      hostname: 'test',
      ...plan,
    },
    command,
  )
  const file = join(folder(t), 'filter')
  assert.ok(launch.filter)
  writeFileSync(file, launch.filter)
  const opened = openSync(file, 'r')
  try {
    const { status, stdout, stderr } = spawnSync(launch.command, [...launch.args], {
      stdio: ['ignore', 'pipe', 'pipe', opened],
      encoding: 'utf8',
      timeout: 30_000,
    })
    return { status, stdout, stderr }
  } finally {
    closeSync(opened)
  }
}

test('a sandbox runs programs of the machine, in a folder that it was given', (t) => {
  const project = folder(t)
  const { status, stderr } = inside(
    t,
    { mounts: [{ from: project, write: true }], cwd: project },
    'sh',
    '-c',
    'echo kept > file',
  )
  assert.equal(status, 0, stderr)
  assert.equal(readFileSync(join(project, 'file'), 'utf8'), 'kept\n')
})

test('what was not given is not there, and what was given to read cannot be changed', (t) => {
  const given = folder(t)
  const other = folder(t)
  writeFileSync(join(given, 'file'), 'text')
  writeFileSync(join(other, 'secret'), 'text')
  const plan = { mounts: [{ from: given }] }
  assert.equal(inside(t, plan, 'cat', join(given, 'file')).stdout, 'text')
  assert.notEqual(inside(t, plan, 'cat', join(other, 'secret')).status, 0)
  assert.match(inside(t, plan, 'touch', join(given, 'new')).stderr, /[Rr]ead-only/)
  assert.match(inside(t, plan, 'touch', '/new').stderr, /[Rr]ead-only/)
  assert.notEqual(inside(t, plan, 'cat', '/etc/shadow').status, 0)
})

test('a covered folder is empty, also where a mount around it shows it', (t) => {
  const project = folder(t)
  const covered = mkdtempSync(join(project, 'home-'))
  writeFileSync(join(covered, 'key'), 'secret')
  const plan = { mounts: [{ from: project, write: true }, { cover: covered }] }
  assert.equal(inside(t, plan, 'ls', '-A', covered).stdout, '')
  assert.equal(readFileSync(join(covered, 'key'), 'utf8'), 'secret')
})

test('there is a network without a way out, and no socket of a kind that knows no network', (t) => {
  const script = `
import socket
for family in (socket.AF_VSOCK, socket.AF_PACKET, 38):
    try:
        socket.socket(family, socket.SOCK_STREAM)
        print("made", family)
    except OSError as error:
        print("refused", error.errno)
for address in ("1.1.1.1", "169.254.169.254", "10.0.0.1"):
    try:
        socket.create_connection((address, 80), 2)
        print("connected", address)
    except OSError as error:
        print("unreachable", error.errno)
try:
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    print("raw")
except OSError as error:
    print("refused", error.errno)
`
  const { stdout } = inside(t, {}, 'python3', '-c', script)
  assert.deepEqual(stdout.trim().split('\n'), [
    'refused 97',
    'refused 97',
    'refused 97',
    'unreachable 101',
    'unreachable 101',
    'unreachable 101',
    'refused 1',
  ])
})

test("a server on the machine's loopback and an abstract socket of it cannot be reached", async (t) => {
  // Whoever connects leaves at once, which is no trouble of this test.
  const greet = (socket: Socket): void => void socket.on('error', () => undefined).end('reached')
  const server = createServer(greet)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const name = `bailiwick-sandbox-${process.pid}`
  const local = createServer(greet)
  await new Promise<void>((resolve) => local.listen(`\0${name}`, resolve))
  t.after(() => local.close())
  // The abstract socket is there: we reach it.
  await new Promise<void>((resolve, reject) => {
    const socket = connect(`\0${name}`, () => {
      socket.destroy()
      resolve()
    }).on('error', reject)
  })
  const address = server.address()
  assert.ok(typeof address === 'object' && address !== null)
  const script = `
import socket
for family, address in ((socket.AF_INET, ("127.0.0.1", ${address.port})), (socket.AF_UNIX, "\\0${name}")):
    try:
        socket.socket(family, socket.SOCK_STREAM).connect(address)
        print("reached")
    except OSError as error:
        print("refused", error.errno)
`
  assert.equal(inside(t, {}, 'python3', '-c', script).stdout, 'refused 111\nrefused 111\n')
})

test("no process of the machine is seen, and no setting of the kernel can be written, by root's sandbox either", (t) => {
  const pids = inside(t, {}, 'sh', '-c', 'ls /proc | grep -c "^[0-9]"').stdout.trim()
  assert.ok(Number(pids) <= 6, pids)
  // What is written is what stands there: a sandbox that let it through would change nothing of this machine.
  const before = readFileSync('/proc/sys/kernel/core_pattern', 'utf8')
  const written = inside(
    t,
    {},
    'sh',
    '-c',
    `echo '${before.trim()}' > /proc/sys/kernel/core_pattern`,
  )
  assert.notEqual(written.status, 0)
  assert.equal(inside(t, {}, 'sh', '-c', 'kill -0 1; ls /proc/1/root/ | head -1').status, 0)
})

test('no capability, no new privilege, no namespace of its own, and no typing into the terminal', (t) => {
  const { stdout } = inside(t, {}, 'cat', '/proc/self/status')
  assert.match(stdout, /CapEff:\t0{16}/)
  assert.match(stdout, /CapBnd:\t0{16}/)
  assert.match(stdout, /NoNewPrivs:\t1/)
  assert.match(stdout, /Seccomp:\t2/)
  assert.match(inside(t, {}, 'unshare', '--user', 'id').stderr, /not permitted/)
  const script = `
import fcntl
try:
    fcntl.ioctl(0, 0x5412, b"x")
    print("typed")
except OSError as error:
    print(error.errno)
`
  assert.equal(inside(t, {}, 'python3', '-c', script).stdout, '1\n')
})

test('the environment is exactly what was given', (t) => {
  const { stdout } = inside(t, { env: { PATH: '/usr/bin', ONE: '1' } }, 'env')
  assert.deepEqual(stdout.trim().split('\n').sort(), ['ONE=1', 'PATH=/usr/bin', 'PWD=/'])
})
