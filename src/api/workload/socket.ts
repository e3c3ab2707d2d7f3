// Holds the unix socket itself: where it may lie, who may connect, and how one that a dead process left behind is replaced.

import { chmodSync, lstatSync, mkdirSync, unlinkSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { dirname, isAbsolute } from 'node:path'
import { fault } from './faults.ts'

/** The kernel's `sun_path` less its ending zero (unix(7)). */
const MAX_PATH = 107

/** Where the socket is and who may connect: 0600 this account, 0660 its group as well, 0666 every account. */
export interface SocketPlace {
  readonly path: string
  readonly mode: number
}

/**
 * Whoever could write to the directory could put a socket of their own there, and hand out identities of nobody: so only this
 * account, or root, may. Makes the directory, closed to others, where it is not there.
 */
function checkDirectory(directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  const stat = lstatSync(directory)
  const own = stat.uid === 0 || stat.uid === process.getuid?.()
  if (!stat.isDirectory() || !own || (stat.mode & 0o022) !== 0) {
    throw fault('workload.socket_path', `others can write to the directory of the socket`)
  }
}

/** True where somebody answers at the path. */
function answers(path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') resolve(false)
      else if (error.code === 'EAGAIN') resolve(true)
      else reject(error)
    })
  })
}

/** Removes what a process that is dead has left; throws `workload.socket_live` where one serves it. */
async function makeRoom(path: string): Promise<void> {
  const stat = lstatSync(path, { throwIfNoEntry: false })
  if (stat === undefined) return
  if (!stat.isSocket()) throw fault('workload.socket_path', 'something that is no socket is there')
  if (await answers(path)) throw fault('workload.socket_live', 'another process serves the socket')
  unlinkSync(path)
}

/**
 * Listens. The socket is made closed to others and opened to those who may connect only then, so that nobody slips in between.
 * Throws `workload.socket_path` and `workload.socket_live`; rejects with the system's own error.
 */
export async function listenOn(server: Server, { path, mode }: SocketPlace): Promise<void> {
  if (!isAbsolute(path) || Buffer.byteLength(path) > MAX_PATH) {
    throw fault('workload.socket_path', 'the path is not absolute, or too long for a socket')
  }
  checkDirectory(dirname(path))
  await makeRoom(path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const before = process.umask(0o177)
    try {
      // Bound before this returns: for a path, the runtime does not wait for anything.
      server.listen({ path }, () => {
        server.off('error', reject)
        resolve()
      })
    } finally {
      process.umask(before)
    }
  })
  chmodSync(path, mode)
}
