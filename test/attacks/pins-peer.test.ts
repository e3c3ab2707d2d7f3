// Holds attacks on systems that are pinned by their certificate: somebody else at the other end of the connection.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { keepCertified } from '../../src/authority/identity/serving.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { readBounded } from '../../src/gateway/net/read.ts'
import { systemDigest } from '../../src/gateway/upstream/definition.ts'
import { identityOf } from '../../src/server/pins/identity.ts'
import { PinWatch } from '../../src/server/pins/watch.ts'
import { Fault } from '../../src/std/fault.ts'
import type { SystemDefinition } from '../../src/wire/system.ts'
import { systemNamed, withAuthority } from '../fakes/authority.ts'
import { serve } from '../fakes/served.ts'

const reach = { private: true }

test('INV-2 a certificate of another authority ends the connection before a byte is said; a renewed one of the same goes on', async () => {
  await using ours = await serve()
  await using theirs = await serve()
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(request.url ?? '')
    response.end('told')
  })
  let stop = keepCertified(server, { ...ours, role: 'gateway' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`
  // Both are trusted as authorities: what tells them apart is the pin alone.
  const authorities = [ours, theirs].flatMap(({ roots }) => roots.trusted.map(({ pem }) => pem))
  const network = new Network({ authorities })
  try {
    await withAuthority(async (home, authority) => {
      const identity = await identityOf({ kind: 'api', url, reach }, network)
      assert.equal(identity?.kind, 'certificate')
      assert.deepEqual(asked, [], 'a look at the certificate asks for nothing')
      const { digest: _, ...made } = systemNamed('remote')
      const auth = { kind: 'none' } as const
      const whole = { ...made, transport: { kind: 'mcp', url, auth, reach } as const, identity }
      const system: SystemDefinition = { ...whole, digest: systemDigest(whole) }
      await authority.systems.pin(system, { person: 'per_ada', reason: 'a test' })
      const pins = new PinWatch({
        authority,
        audit: home.audit,
        clock: home.clock,
        onTrouble: (error) => assert.fail(String(error)),
        pinPassed: () => Promise.reject(new Error('nothing may pass')),
      })
      const get = async (): Promise<string> => {
        const dial = network.dial(url, { reach, peer: pins.peer(system) })
        const { body } = await dial.request({ method: 'GET', path: '/mcp' })
        return Buffer.from(await readBounded(body, 100)).toString()
      }
      const renew = (district: typeof ours): void => {
        stop()
        server.closeAllConnections()
        stop = keepCertified(server, { ...district, role: 'gateway' })
      }
      assert.equal(await get(), 'told')
      assert.equal(authority.quarantines.of('remote'), undefined)
      renew(ours)
      assert.equal(await get(), 'told')
      await pins.settled()
      const types = () => home.audit.recorded.map(({ draft }) => draft.type)
      assert.equal(types().filter((type) => type === 'system.certificate_renewed').length, 1)
      renew(theirs)
      const before = asked.length
      await assert.rejects(
        get(),
        (error) => error instanceof Fault && error.code === 'resolve.quarantined',
      )
      assert.equal(asked.length, before)
      await pins.settled()
      assert.equal(authority.quarantines.of('remote')?.whole, true)
      assert.equal(pins.quarantined('remote', 'read_file', {}), true)
      // It stays so when the right one is back, until a person has looked.
      renew(ours)
      assert.equal(pins.quarantined('remote', 'read_file', {}), true)
    })
  } finally {
    stop()
    await network.close()
    server.closeAllConnections()
    server.close()
  }
})
