// Holds the test of a signal in a whole Bailiwick: an identity provider revokes a session, and the person is locked, with a receipt.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { Agent, request } from 'undici'
import { settings } from '../../src/server/settings.ts'
import { startBailiwick } from '../../src/server/start.ts'
import { systemClock } from '../../src/std/clock.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { FakeTimer } from '../fakes/identity.ts'
import { FakeIssuer } from '../fakes/issuer.ts'

test('INV-5 a session that an identity provider revokes locks the person here, with a receipt, before it is answered', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-signals-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  await using idp = await FakeIssuer.open(['RS256'])
  const ports = { controlPort: 0, identityPort: 0, gatewayPort: 0 }
  const logFile = join(folder, 'operator.log')
  const given = settings(
    { home: join(folder, 'home'), logFile, ...ports },
    { BAILIWICK_WORKLOAD_SOCKET: 'off' },
  )
  const machine = { clock: systemClock, timer: new FakeTimer(), entropy: systemEntropy }
  const running = await startBailiwick(given, machine)
  const open = new Agent({
    connect: { rejectUnauthorized: false, servername: 'bailiwick.localhost' },
  })
  try {
    const { audit, authority } = running.core
    const by = { person: authority.people.list()[0]!.id, reason: 'is tested' }
    const idpOf = { issuer: idp.url, audience: 'bailiwick' }
    await authority.trust.add({ name: 'staff', kind: 'login', ...idpOf }, by)
    await authority.trust.add({ name: 'caep', kind: 'signals', login: 'staff', ...idpOf }, by)
    const subject = `${idp.url} grace`
    const said = { source: 'staff', subject, name: 'grace', roles: ['operator'] }
    const { id } = await authority.people.heard(said)
    const events = { 'https://schemas.openid.net/secevent/caep/event-type/session-revoked': {} }
    const sub_id = { format: 'iss_sub', iss: idp.url, sub: 'grace' }
    const { statusCode } = await request(`${running.urls.identity}/ssf/push/caep`, {
      dispatcher: open,
      method: 'POST',
      headers: { 'content-type': 'application/secevent+jwt' },
      body: await idp.event(systemClock.now(), { sub_id, events }),
    })
    assert.equal(statusCode, 202)
    const lock = authority.locks.on({ kind: 'person', name: id })
    assert.match(lock?.reason ?? '', /caep revoked/)
    const [receipt] = await audit.tail({ type: 'lock.enforced', limit: 1 })
    assert.equal(receipt?.record.body['lock'], lock?.id)
    const [received] = await audit.tail({ type: 'signal.received', limit: 1 })
    assert.equal(received?.record.body['effect'], 'locked')
  } finally {
    await open.close()
    await running.close()
  }
})
