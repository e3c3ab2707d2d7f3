// Holds the way out of an upstream's sandbox: a proxy on a unix socket that leads to the hosts its system declares, and nowhere else.

import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { publicFault } from '../../std/fault.ts'
import type { Network } from '../net/network.ts'
import { hostAndPort, isListed, type HostList } from './host-list.ts'
import { joinStreams } from './join.ts'

/** A door that is open. */
export interface HostDoor {
  /** The unix socket. */
  readonly path: string
  close(): void
}

/** Connections of one program at once. */
const MAX_CONNECTIONS = 256

/** Opens the door at a path in a folder that only this account can enter. */
export function openHostDoor(
  path: string,
  hosts: HostList,
  network: Pick<Network, 'connect'>,
): HostDoor {
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, plain)
  server.maxConnections = MAX_CONNECTIONS
  server.on('connect', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    const target = hostAndPort(request.url ?? '')
    if (target?.port === undefined || !isListed(hosts, target.host, target.port)) {
      return refuse(socket, 403, 'egress.undeclared', 'its system does not declare this host')
    }
    const { host, port } = target
    const ended = new AbortController()
    socket.on('close', () => ended.abort(new Error('the program left')))
    // An address that a person wrote down is meant; a name that leads to one of ours is not.
    const named = isIP(host) !== 0 || host === 'localhost'
    network.connect({ host, port }, { reach: { private: named }, signal: ended.signal }).then(
      (upstream: Socket) => {
        socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
        if (head.length > 0) upstream.write(head)
        joinStreams(socket, upstream)
      },
      (error: unknown) => {
        const { code, detail } = publicFault(error)
        refuse(socket, 502, code, detail)
      },
    )
  })
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(path)
  return {
    path,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** Plain requests are refused: what is declared is spoken to through a tunnel, which every proxy client can ask for. */
function plain(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(501, { 'content-type': 'text/plain', connection: 'close' })
  response.end('egress.tunnel: use https, or CONNECT for what is not\n')
}

function refuse(socket: Duplex, status: number, code: string, detail: string): void {
  const body = `${code}: ${detail}\n`
  socket.end(
    `HTTP/1.1 ${status} Refused\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}
