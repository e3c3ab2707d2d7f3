// Holds the reference: nginx from Debian as a plain reverse proxy, one worker, keep-alive on both sides, brought if missing.

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

/** How long it may take to listen (ms). */
const START_MS = 10_000

/** A running nginx. */
export interface Nginx {
  readonly port: number
  close(): Promise<void>
}

function bring(): void {
  const script = fileURLToPath(new URL('../../scripts/bench-deps.mjs', import.meta.url))
  const { status } = spawnSync(process.execPath, [script], { stdio: ['ignore', 2, 2] })
  if (status !== 0) throw new Error('there is no nginx to compare with')
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function configuration(folder: string, port: number, upstreamPort: number): string {
  const kinds = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  return `
    ${process.getuid?.() === 0 ? 'user root;' : ''}
    worker_processes 1;
    daemon off;
    pid ${join(folder, 'pid')};
    error_log stderr warn;
    events { worker_connections 1024; }
    http {
      access_log off;
      ${kinds.map((kind) => `${kind}_temp_path ${join(folder, kind)};`).join('\n      ')}
      keepalive_requests 100000000;
      upstream bare {
        server 127.0.0.1:${upstreamPort};
        keepalive 64;
        keepalive_requests 100000000;
      }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://bare;
          proxy_http_version 1.1;
          proxy_set_header connection "";
        }
      }
    }`
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}

/** Starts it in front of a port of this machine; everything that it writes is in `folder`. */
export async function startNginx(folder: string, upstreamPort: number): Promise<Nginx> {
  bring()
  mkdirSync(folder, { recursive: true })
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  writeFileSync(file, configuration(folder, port, upstreamPort))
  const child = spawn('nginx', ['-p', folder, '-c', file, '-e', 'stderr'], {
    stdio: ['ignore', 2, 2],
    env: { PATH: `${process.env['PATH']}:/usr/sbin` },
  })
  const exit = once(child, 'exit')
  const close = async (): Promise<void> => {
    child.kill('SIGTERM')
    await exit
  }
  for (let waited = 0; waited < START_MS && child.exitCode === null; waited += 50) {
    if (await answers(port)) return { port, close }
    await wait(50)
  }
  await close()
  throw new Error('nginx did not start')
}
