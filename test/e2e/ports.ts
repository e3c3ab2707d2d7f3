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

/** Three free ports in a row, for control, identity and gateway. */
export async function freePorts(): Promise<readonly [number, number, number]> {
  for (;;) {
    const port = randomInt(FROM, TO)
    const free = [await isFree(port), await isFree(port + 1), await isFree(port + 2)]
    if (!free.includes(false)) return [port, port + 1, port + 2]
  }
}
