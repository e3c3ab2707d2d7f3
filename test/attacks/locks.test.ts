// Holds the attacks of somebody who has the key of the one person of a home, and wants a lock lifted.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Authenticator } from '../fakes/authenticator.ts'
import { FakeBrowser } from '../fakes/browser.ts'
import { CONTROL_HOST, ControlHome } from '../fakes/control.ts'

const ORIGIN = `http://${CONTROL_HOST}`
const DELAY = 600_000
const DAY = 86_400_000

/** Registers a passkey in a session that is new. */
async function passkeyOf(browser: FakeBrowser): Promise<Authenticator> {
  const authenticator = new Authenticator(ORIGIN)
  const options = await browser.send('/account/passkeys/options', {})
  await browser.send('/account/passkeys', authenticator.create(options as never))
  return authenticator
}

async function present(browser: FakeBrowser, authenticator: Authenticator): Promise<void> {
  const options = await browser.send('/account/presence/options', {})
  const assertion = authenticator.get(options as never)
  const answer = await browser.ask('POST', '/account/presence', { json: assertion })
  assert.equal(answer.status, 200, await answer.clone().text())
}

test('INV-5 a key alone lifts no lock of somebody who had a passkey: neither with a new one, nor in a hurry without; the passkey does', async () => {
  const home = await ControlHome.open()
  try {
    home.unlockDelayMs = DELAY
    const person = home.ada.id
    const mine = new FakeBrowser(home)
    await mine.signIn(person)
    const authenticator = await passkeyOf(mine)
    home.clock.advance(1_000)
    const reason = 'it is a test'
    const body = { target: { kind: 'everything', name: '' }, reason }
    const { id } = await home.read('POST', '/v1/locks', { body })
    const lift = async (lock: unknown = id): Promise<unknown> => {
      const path = `/v1/locks/${String(lock)}/remove`
      const answer = await home.ask('POST', path, { body: { reason } })
      const told = (await answer.json()) as { code?: string; removed?: boolean }
      return told.code ?? told.removed
    }
    assert.equal(await lift(), false)
    home.clock.advance(DELAY)
    assert.equal(await lift(), 'lock.presence')
    // The key opens a link, the link a session, the session makes a passkey: which says nothing of a lock that is older.
    const theirs = new FakeBrowser(home)
    await theirs.signIn(person)
    const other = await passkeyOf(theirs)
    await present(theirs, other)
    assert.equal(await lift(), 'lock.presence')
    await present(mine, authenticator)
    home.clock.advance(300_000)
    assert.equal(await lift(), 'lock.presence', 'it was a while ago')
    // Taking the passkey away makes it a day from the first word on.
    const [first] = home.authority.people.find(person).passkeys ?? []
    const remove = `/v1/people/${person}/keys/${first!.id}/remove`
    await home.read('POST', remove, { body: { reason } })
    assert.equal(await lift(), 'lock.wait')
    home.clock.advance(DAY)
    assert.equal(await lift(), true)
    // Of the next lock it is a passkey from before: that one lifts it after the delay.
    const next = await home.read('POST', '/v1/locks', { body })
    assert.equal(await lift(next['id']), false)
    home.clock.advance(DELAY)
    assert.equal(await lift(next['id']), 'lock.presence')
    await theirs.signIn(person)
    await present(theirs, other)
    assert.equal(await lift(next['id']), true)
  } finally {
    await home.close()
  }
})
