// Holds the relay: a program inside a sandbox that carries bytes from its loopback to the one socket that leads out. It knows nothing.
// It runs alone, in a place without our tree, so it imports nothing of ours.

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { connect, createServer, type Socket } from 'node:net'

/** Connections at once: more are closed as they come. */
const MAX_CONNECTIONS = 512

const [door, port, command, ...args] = process.argv.slice(2)
if (door === undefined || port === undefined || command === undefined) {
  process.stderr.write('relay: SOCKET PORT COMMAND [ARGUMENT…]\n')
  process.exit(2)
}

/** Carries what one side says to the other: to its end where it ends well; what breaks takes the other with it. */
function carry(from: Socket, to: Socket): void {
  from.on('error', () => to.destroy())
  from.on('close', () => {
    if (!from.readableEnded || to.writableFinished) to.destroy()
    else to.once('finish', () => to.destroy())
  })
  from.pipe(to)
}

const server = createServer({ allowHalfOpen: true, noDelay: true }, (inner) => {
  const outer = connect({ path: door, allowHalfOpen: true })
  carry(inner, outer)
  carry(outer, inner)
})
server.maxConnections = MAX_CONNECTIONS
server.on('error', (error) => {
  process.stderr.write(`bailiwick: the way to the gateway cannot be opened: ${String(error)}\n`)
  process.exit(1)
})
const innerPort = Number(port)
server.listen(innerPort, '127.0.0.1', () => {
  // The keyboard's signals go to the whole group: the command decides what they mean, and the relay goes when it goes.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined)
  // Heard before the command can say that it runs; passed on in a later turn, when it is there.
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  const child = spawn(command, args, { stdio: 'inherit' })
  child.on('error', (error) => {
    const code = 'code' in error ? String(error.code) : error.name
    process.stderr.write(`bailiwick: ${command} cannot be started (${code})\n`)
    process.exit(code === 'ENOENT' ? 127 : 126)
  })
  child.on('exit', (code, signal) => {
    // As a shell tells the end by a signal.
    process.exit(signal === null ? (code ?? 1) : 128 + constants.signals[signal])
  })
})
