// Holds a program that goes looking for a way out and for keys, from wherever it is started. It runs alone: it imports nothing of ours.
// Every attempt only looks: it is started outside of sandboxes too, to show that it would succeed there.
// Its one argument is JSON; what it says is one JSON object on standard output: each attempt, with what came of it.

import { lookup } from 'node:dns/promises'
import { createSocket } from 'node:dgram'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'

/** What to try. */
export interface Prowl {
  /** Ports on the loopback of the machine. */
  readonly ports: readonly number[]
  /** Files and folders to read. */
  readonly paths: readonly string[]
  /** Unix sockets; abstract ones begin with `@`. */
  readonly sockets: readonly string[]
  /** A process of the machine. */
  readonly pid: number
  /** A word that stands in the environment of that process. */
  readonly word: string
}

const { ports, paths, sockets, pid, word } = JSON.parse(process.argv[2]!) as Prowl
const found: Record<string, string> = {}

function code(error: unknown): string {
  return `refused: ${error instanceof Error && 'code' in error ? String(error.code) : String(error)}`
}

async function attempt(name: string, what: () => unknown): Promise<void> {
  try {
    found[name] = `did: ${String(await what())}`.slice(0, 200)
  } catch (error) {
    found[name] = code(error)
  }
}

function reach(where: { host: string; port: number } | { path: string }): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...where, timeout: 2_000 } as never, () => {
      socket.destroy()
      resolve('connected')
    })
    socket.on('error', reject)
    socket.on('timeout', () => {
      socket.destroy()
      reject(new Error('silence'))
    })
  })
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EISDIR')) throw error
    const names = readdirSync(path)
    if (names.length > 0) return names.join(' ')
    throw new Error('empty', { cause: error })
  }
}

for (const port of ports) {
  await attempt(`tcp 127.0.0.1:${port}`, () => reach({ host: '127.0.0.1', port }))
  await attempt(`tcp [::1]:${port}`, () => reach({ host: '::1', port }))
}
for (const host of ['1.1.1.1', '169.254.169.254', '192.168.0.1']) {
  await attempt(`tcp ${host}`, () => reach({ host, port: 80 }))
}
await attempt('dns', async () => (await lookup('example.com')).address)
await attempt(
  'udp',
  () =>
    new Promise((resolve, reject) => {
      const socket = createSocket('udp4')
      socket.send('x', 53, '1.1.1.1', (error) => {
        socket.close()
        if (error === null) resolve('sent')
        else reject(error)
      })
    }),
)
for (const path of sockets) {
  await attempt(`socket ${path}`, () => reach({ path: path.replace(/^@/, '\0') }))
}
for (const path of paths) await attempt(`read ${path}`, () => read(path))
await attempt('read the environment of a process', () => read(`/proc/${pid}/environ`))
await attempt('see a process of the machine', () => {
  for (const name of readdirSync('/proc').filter((one) => /^\d+$/.test(one))) {
    if (readFileSync(`/proc/${name}/environ`, 'latin1').includes(word)) return name
  }
  throw new Error('none')
})
await attempt('signal a process', () => process.kill(pid, 0))
await attempt('devices', () => readFileSync('/dev/mem').length)

process.stdout.write(`${JSON.stringify(found)}\n`)
