// Holds the listener of the Workload API: every connection's process is known before its first byte is read.

import { createServer as createHttp2, type ServerHttp2Session } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { Fault } from '../../std/fault.ts'
import { PeerConnection } from '../../authority/identity/attest/unix-peer.ts'
import { callerKey, UNKNOWN, type Caller } from './caller.ts'
import { fault } from './faults.ts'
import type { serveRequest } from './exchange.ts'
import { CallerLimits } from './limits.ts'
import type { WorkloadPorts } from './ports.ts'
import { listenOn, type SocketPlace } from './socket.ts'

/** Requests of one connection at a time. */
const MAX_STREAMS = 32
/** How long a connection may take to speak HTTP/2 (ms). */
const GREETING_MS = 10_000
/** How long a connection without a request is kept (ms). */
const IDLE_MS = 300_000

/** The listener. */
export interface WorkloadListener {
  /** What clients find it by (Workload Endpoint §4). */
  readonly address: string
  /** Ends every connection and stops. */
  close(): Promise<void>
}

/** A connection as it is known before HTTP/2 begins. */
type Known = Omit<Caller, 'outgoing'>

/** Starts to listen. Throws the faults of the socket's place; nothing listens then. */
export async function listenWorkload(
  ports: WorkloadPorts,
  place: SocketPlace,
): Promise<WorkloadListener> {
  const limits = new CallerLimits(ports.clock)
  const serve = serving(ports, limits)
  const sessions = new Set<ServerHttp2Session>()
  const callers = new WeakMap<object, Known>()
  let accepting: Known | undefined
  const http2 = createHttp2(
    {
      maxSessionMemory: 2,
      maxHeaderListPairs: 64,
      maxSettings: 16,
      maxOutstandingPings: 4,
      settings: { maxConcurrentStreams: MAX_STREAMS, maxHeaderListSize: 16_384, enablePush: false },
    },
    (request, response) => {
      const { session } = request.stream
      const caller = session === undefined ? undefined : callers.get(session)
      if (caller === undefined) {
        request.stream.destroy()
        return
      }
      // What cannot be written has no reader left: the connection says so by itself.
      serve({ request, response, caller }).catch(() => {
        if (!request.stream.destroyed) request.stream.destroy()
      })
    },
  )
  http2.on('session', (session) => {
    // Emitted while the connection is handed over, before anything else happens.
    if (accepting !== undefined) callers.set(session, accepting)
    sessions.add(session)
    tend(session, ports, () => sessions.delete(session))
  })
  http2.on('sessionError', (error: NodeJS.ErrnoException) => {
    // A peer that is gone broke no rule.
    if (error.code?.startsWith('ERR_') === true) ports.onRefused('workload.protocol')
  })
  const server = createServer({ pauseOnConnect: false }, (socket) => {
    const known = welcome(socket, ports, limits)
    if (known === undefined) return
    accepting = known
    http2.emit('connection', socket)
    accepting = undefined
  })
  await listenOn(server, place)
  server.on('error', ports.onFailure)
  return {
    address: `unix://${place.path}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const session of sessions) session.destroy()
      }),
  }
}

/**
 * Serves requests. gRPC is loaded with the first of them: most homes have no local workloads, and the start of all of them would be
 * slower and larger by it.
 */
function serving(
  ports: WorkloadPorts,
  limits: CallerLimits,
): (of: Omit<Parameters<typeof serveRequest>[0], 'handlers' | 'timer'>) => Promise<void> {
  const load = async () => {
    const [exchange, service] = await Promise.all([import('./exchange.ts'), import('./service.ts')])
    return { exchange, handlers: service.workloadHandlers(ports, limits) }
  }
  let loaded: ReturnType<typeof load> | undefined
  return async (of) => {
    loaded ??= load()
    const { exchange, handlers } = await loaded
    await exchange.serveRequest({ ...of, handlers, timer: ports.timer })
  }
}

/** Learns who connected, and lets go of it when the connection closes; undefined, and the connection is closed, where it has too many. */
function welcome(socket: Socket, ports: WorkloadPorts, limits: CallerLimits): Known | undefined {
  socket.on('error', () => socket.destroy())
  const connection = accepted(socket, ports)
  const key = connection instanceof Fault ? UNKNOWN : callerKey(connection)
  const left = limits.connect(key)
  socket.once('close', () => {
    left?.()
    if (connection instanceof PeerConnection) connection.release()
  })
  if (left === undefined) {
    ports.onRefused('workload.connections')
    socket.destroy()
    return undefined
  }
  return { connection, key }
}

function accepted(socket: Socket, { kernel, onFailure }: WorkloadPorts): PeerConnection | Fault {
  try {
    return PeerConnection.accept(kernel, descriptorOf(socket))
  } catch (error) {
    if (error instanceof Fault) return error
    onFailure(error)
    return fault('workload.protocol', 'the peer of the connection could not be read')
  }
}

/** The socket's descriptor: Node shows it nowhere else. */
function descriptorOf(socket: Socket): number {
  const { _handle: handle } = socket as Socket & { readonly _handle?: { readonly fd?: number } }
  return handle?.fd ?? -1
}

/** Ends a session that does not greet, or has nothing to do for long. */
function tend(
  session: ServerHttp2Session,
  { timer, onRefused }: WorkloadPorts,
  gone: () => void,
): void {
  let open = 0
  let idle: (() => void) | undefined
  const rest = (): void => {
    idle = timer.after(IDLE_MS, () => session.close())
  }
  const late = timer.after(GREETING_MS, () => {
    onRefused('workload.protocol')
    session.destroy()
  })
  session.once('remoteSettings', () => {
    late()
    if (open === 0) rest()
  })
  session.on('stream', (stream) => {
    idle?.()
    open++
    stream.once('close', () => {
      if (--open === 0 && !session.closed) rest()
    })
  })
  session.once('close', () => {
    late()
    idle?.()
    gone()
  })
}
