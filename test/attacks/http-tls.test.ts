// Holds attacks on connections to systems over TLS: who is at the other end, and who may be told anything.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { keepCertified } from '../../src/authority/identity/serving.ts'
import { Network } from '../../src/gateway/net/network.ts'
import { readBounded } from '../../src/gateway/net/read.ts'
import { Fault } from '../../src/std/fault.ts'
import { PERSON } from '../fakes/district.ts'
import { fakeRequest, p256 } from '../fakes/identity.ts'
import { serve } from '../fakes/served.ts'

const REACH = { private: true }
const LOOPBACK = [{ address: '127.0.0.1', family: 4 }] as const

function code(expected: string): (error: unknown) => boolean {
  return (error) => error instanceof Fault && error.code === expected
}

test('a system is known by its certificate for its name, and shown ours; anybody else is told nothing', async () => {
  const district = await serve()
  let asked = 0
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    asked += 1
    const { socket } = request
    const shown = socket instanceof TLSSocket ? socket.getPeerX509Certificate()?.subjectAltName : ''
    response.end(shown ?? 'nobody')
  }
  const server = createServer({ requestCert: true, rejectUnauthorized: false }, answer)
  const stop = keepCertified(server, { ...district, role: 'gateway' })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const authorities = district.roots.trusted.map(({ pem }) => pem)
  const networks: Network[] = []
  const get = async (
    url: string,
    options: ConstructorParameters<typeof Network>[0],
    tls?: { cert: string; key: string },
  ) => {
    const network = new Network(options)
    networks.push(network)
    const { body } = await network
      .dial(url, { reach: REACH, tls })
      .request({ method: 'GET', path: '/' })
    return Buffer.from(await readBounded(body, 1_000)).toString()
  }
  const trusted = { authorities, resolve: () => Promise.resolve(LOOPBACK) }
  try {
    // Nobody trusts it but who was told to.
    await assert.rejects(get(`https://127.0.0.1:${port}/`, {}), code('net.tls'))
    // Its certificate is for another name: whoever points that name at it gets nothing.
    await assert.rejects(get(`https://bank.example:${port}/`, trusted), code('net.tls'))
    process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0'
    await assert.rejects(get(`https://bank.example:${port}/`, trusted), code('net.tls'))
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    assert.equal(asked, 0)
    assert.equal(await get(`https://127.0.0.1:${port}/`, trusted), 'nobody')
    const { token } = await district.identities.issueJoinToken({
      agent: 'mail-sorter',
      person: PERSON,
      by: PERSON,
    })
    const key = p256()
    const issued = await district.identities.enrol({ token, csr: fakeRequest(key) })
    const tls = {
      cert: issued.certificates,
      key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    }
    const shown = await get(`https://127.0.0.1:${port}/`, trusted, tls)
    assert.match(shown, /spiffe:\/\//)
    server.setSecureContext({ maxVersion: 'TLSv1.1', minVersion: 'TLSv1' })
    await assert.rejects(get(`https://127.0.0.1:${port}/`, trusted), code('net.tls'))
  } finally {
    delete process.env['NODE_TLS_REJECT_UNAUTHORIZED']
    stop()
    await Promise.all(networks.map((network) => network.close()))
    server.closeAllConnections()
    server.close()
    await district[Symbol.asyncDispose]()
  }
})
