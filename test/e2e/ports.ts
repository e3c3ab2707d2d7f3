// Holds finding ports that stay ours over a restart: outside the range from which the kernel gives ports to everybody.

import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'

const FROM = 12_000
const TO = 31_000

async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  } catch {
    return false
  }
  server.close()
  await once(server, 'close')
  return true
}

/** Four free ports in a row, for control, identity, gateway, and the gateways that run on their own. */
export async function freePorts(): Promise<readonly [number, number, number, number]> {
  for (;;) {
    const port = randomInt(FROM, TO)
    const ports = [port, port + 1, port + 2, port + 3] as const
    const free = await Promise.all(ports.map(isFree))
    if (!free.includes(false)) return ports
  }
}
