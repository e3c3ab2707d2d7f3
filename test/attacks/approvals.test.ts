// Holds attacks on approvals that need a person's presence: an answer given for something else, late, twice, by somebody else.

import assert from 'node:assert/strict'
import { createHash, verify } from 'node:crypto'
import { after, before, test } from 'node:test'
import type { Actor } from '../../src/wire/actor.ts'
import { presenceDigest } from '../../src/wire/presence.ts'
import { Authenticator, type Misbehaviour } from '../fakes/authenticator.ts'
import { actorOf } from '../fakes/authority.ts'
import { FakeBrowser } from '../fakes/browser.ts'
import { ControlHome, type FakeOperator } from '../fakes/control.ts'

const ORIGIN = 'http://bailiwick.localhost:7400'

interface Somebody {
  readonly person: FakeOperator
  readonly browser: FakeBrowser
  readonly authenticator: Authenticator
}

let home: ControlHome
let finn: Somebody
let fay: Somebody
let asked = 0

before(async () => {
  home = await ControlHome.open()
  await home.read('POST', '/v1/agents', { body: { name: 'payer', purpose: 'pays what is owed' } })
  finn = await somebody('finn')
  fay = await somebody('fay')
})
after(() => home.close())

async function somebody(name: string): Promise<Somebody> {
  const person = await home.person(name, ['finance'])
  const browser = new FakeBrowser(home)
  await browser.signIn(person.id)
  const authenticator = new Authenticator(ORIGIN)
  const options = await browser.send('/account/passkeys/options', {})
  await browser.send('/account/passkeys', authenticator.create(options as never))
  return { person, browser, authenticator }
}

/** Holds a call at these gates; each policy is `p1`, `p2` and so on. */
function held(...gates: string[]): Promise<string> {
  return heldFor(undefined, ...gates)
}

/** The same for a task. */
async function heldFor(task: Actor['task'], ...gates: string[]): Promise<string> {
  asked += 1
  const { approval } = await home.authority.approvals.ask({
    callDigest: `sha256:digest-${asked}`,
    call: `01900000-0000-7000-8000-${String(asked).padStart(12, '0')}`,
    actor: { ...actorOf('payer', home.ada.id, home.ada.id), ...(task && { task }) },
    system: 'billing',
    action: 'create_refund',
    input: { amount_cents: asked },
    effects: ['spend'],
    gates: gates.map((name, i) => ({ name, policy: `p${i + 1}` })),
    reason: 'refunds are reviewed',
    definition: 'sha256:definition',
    policySet: 'sha256:set',
    expiresAt: home.clock.now() + 3_600_000,
  })
  return approval.id
}

interface Turn {
  /** Approval and gate that the challenge is asked for, where they are others than those that are answered. */
  readonly asks?: string
  readonly gate?: string
  /** Whose session asks, and whose passkey answers. */
  readonly by?: Somebody
  readonly key?: Authenticator
  readonly bad?: Misbehaviour
}

async function challenge(id: string, { by = finn, gate = 'p1' }: Turn = {}) {
  return (await by.browser.send(`/approvals/${id}/presence/options`, { gate })) as {
    challenge: string
  }
}

async function answer(id: string, gate: string, assertion: unknown, by = finn): Promise<string> {
  const json = { gate, reason: 'I looked at the invoice', assertion }
  const response = await by.browser.ask('POST', `/approvals/${id}/presence`, { json })
  const body = (await response.json()) as { code?: string; next?: string }
  return body.code ?? body.next ?? ''
}

const state = async (id: string) => (await home.authority.approvals.get(id)).state

test('INV-6 a passkey signs this call, and a stranger can verify what was signed', async () => {
  const id = await held('finance, present')
  const options = await challenge(id)
  assert.equal(await answer(id, 'p1', finn.authenticator.get(options)), `/approvals/${id}`)
  assert.equal(await state(id), 'approved')

  const [logged] = await home.audit.tail({ type: 'approval.approved', limit: 1 })
  const { presence, gate } = logged!.record.body as {
    presence: Record<'passkey' | 'authenticatorData' | 'clientDataJSON' | 'signature', string>
    gate: string
  }
  const client = Buffer.from(presence.clientDataJSON, 'base64url')
  const said = JSON.parse(client.toString()) as { challenge: string }
  const [requested] = await home.audit.tail({ type: 'approval.requested', limit: 1 })
  const digest = presenceDigest({
    approval: id,
    callDigest: requested!.record.body['callDigest'] as string,
    gate,
    person: finn.person.id,
  })
  const bytes = Buffer.from(said.challenge, 'base64url')
  assert.deepEqual(bytes.subarray(32), Buffer.from(digest))
  const signed = Buffer.concat([
    Buffer.from(presence.authenticatorData, 'base64url'),
    createHash('sha256').update(client).digest(),
  ])
  const key = finn.authenticator.publicKey
  assert.ok(verify('sha256', signed, key, Buffer.from(presence.signature, 'base64url')))
})

test('INV-6 no answer counts that was given for another call, another gate, by another person or key', async () => {
  const id = await held('finance, present', 'finance, present')
  const other = await held('finance, present')
  const attempts: Record<string, () => Promise<string>> = {
    'for another call': async () =>
      answer(id, 'p1', finn.authenticator.get(await challenge(other))),
    'for another gate': async () =>
      answer(id, 'p1', finn.authenticator.get(await challenge(id, { gate: 'p2' }))),
    "in another's session": async () =>
      answer(id, 'p1', finn.authenticator.get(await challenge(id, { by: fay }))),
    "with another's passkey": async () =>
      answer(id, 'p1', fay.authenticator.get(await challenge(id))),
    'to a challenge of signing in': async () => {
      const options = await new FakeBrowser(home).send('/login/passkey/options', {})
      return answer(id, 'p1', finn.authenticator.get(options as never))
    },
    'to a challenge of presence': async () => {
      const options = await finn.browser.send('/account/presence/options', {})
      return answer(id, 'p1', finn.authenticator.get(options as never))
    },
    'to a challenge that nobody made': async () => {
      const { challenge: real } = await challenge(id)
      const bytes = Buffer.from(real, 'base64url')
      bytes[0] = (bytes[0] ?? 0) ^ 1
      return answer(id, 'p1', finn.authenticator.get({ challenge: bytes.toString('base64url') }))
    },
  }
  const bads: Record<string, Misbehaviour> = {
    'by nobody who was verified': { userVerified: false },
    'on another site': { origin: 'https://evil.example' },
    'for another relying party': { rpId: 'evil.example' },
    'with a forged signature': { forged: true },
    'as a registration': { type: 'webauthn.create' },
  }
  for (const [how, bad] of Object.entries(bads)) {
    attempts[how] = async () => answer(id, 'p1', finn.authenticator.get(await challenge(id), bad))
  }
  for (const [how, attempt] of Object.entries(attempts)) {
    assert.equal(await attempt(), 'login.passkey', how)
    assert.equal((await home.authority.approvals.get(id)).agreements.length, 0, how)
  }
})

test('INV-6 an answer counts once, and not when the call has ended meanwhile', async () => {
  const id = await held('2 of finance, present')
  const assertion = finn.authenticator.get(await challenge(id))
  const twice = await Promise.all([answer(id, 'p1', assertion), answer(id, 'p1', assertion)])
  assert.deepEqual(twice.toSorted(), [`/approvals/${id}`, 'login.passkey'].toSorted())
  assert.equal((await home.authority.approvals.get(id)).agreements.length, 1)

  const late = await held('finance, present')
  const options = await challenge(late)
  await home.authority.approvals.void(late, 'its caller gave up')
  assert.equal(await answer(late, 'p1', finn.authenticator.get(options)), 'approval.closed')
  assert.equal(await state(late), 'void')
})

test('INV-6 there is no way around the passkey: neither the API, nor the form, nor a session alone', async () => {
  const id = await held('finance, present')
  const body = { reason: 'trust me', gate: 'p1' }
  const api = await home.read('POST', `/v1/approvals/${id}/approve`, { body, as: finn.person }, 403)
  assert.equal(api['code'], 'approval.presence')
  const csrf = await finn.browser.csrf(`/approvals/${id}`)
  const form = { csrf, reason: 'trust me', verdict: 'approve', gate: 'p1' }
  assert.equal((await finn.browser.ask('POST', `/approvals/${id}`, { form })).status, 403)
  // What no passkey made cannot be said to be one.
  const smuggled = { ...body, presence: { passkey: 'x' } }
  const refused = await home.read(
    'POST',
    `/v1/approvals/${id}/approve`,
    { body: smuggled, as: finn.person },
    400,
  )
  assert.notEqual(refused['code'], undefined)
  assert.equal(await state(id), 'pending')
})

test('INV-6 for a whole task the passkey signs the terms as well, and none but those count', async () => {
  const person = home.ada.id
  const wish = { intent: 'pay what is owed', agent: 'payer', scope: [{ action: 'billing/*' }] }
  const task = await home.authority.tasks.open(wish, { person })
  const facts = { id: task.id, intent: task.intent, person, scope: [], budget: {} }
  const under = { ...facts, endsAt: task.endsAt, scopeDigest: 'sha256:scope' }
  const id = await heldFor(under, 'finance, present')
  const terms = { count: 3, for_s: 3_600, loosen: ['/amount_cents<=5000'] }
  const path = `/approvals/${id}/presence`
  const ask = async (about: object) =>
    (await finn.browser.send(`${path}/options`, { gate: 'p1', ...about })) as { challenge: string }
  const send = async (asked: object, sent: object): Promise<string> => {
    const assertion = finn.authenticator.get(await ask(asked))
    const json = { gate: 'p1', reason: 'I looked at the invoice', assertion, ...sent }
    const response = await finn.browser.ask('POST', path, { json })
    const body = (await response.json()) as { code?: string; next?: string }
    return body.code ?? body.next ?? ''
  }
  const wider = { ...terms, loosen: ['/amount_cents=*'] }
  assert.equal(await send({}, { for_task: terms }), 'login.passkey', 'signed for this call alone')
  assert.equal(await send({ for_task: terms }, { for_task: wider }), 'login.passkey')
  assert.equal(await send({ for_task: terms }, {}), 'login.passkey')
  const body = { reason: 'trust me', gate: 'p1', for_task: terms }
  const api = await home.read('POST', `/v1/approvals/${id}/approve`, { body, as: finn.person }, 403)
  assert.equal(api['code'], 'approval.presence')
  // Where a proof of something else got that far, the authority itself holds it against the terms.
  const other = await home.authority.approvals.presenceAsk(id, { person: finn.person.id })
  const clientDataJSON = Buffer.from(
    JSON.stringify({
      challenge: Buffer.concat([Buffer.alloc(32), presenceDigest(other)]).toString('base64url'),
    }),
  ).toString('base64url')
  const presence = { passkey: 'x', authenticatorData: '', signature: '', clientDataJSON }
  const forTask = { count: 3, forMs: 3_600_000, loosen: terms.loosen }
  await assert.rejects(
    home.authority.approvals.approve(id, {
      person: finn.person.id,
      reason: 'trust me',
      presence,
      forTask,
    }),
    { code: 'amendment.presence' },
  )
  assert.deepEqual(home.authority.amendments.list(), [])
  assert.equal(await send({ for_task: terms }, { for_task: terms }), `/approvals/${id}`)
  assert.equal(home.authority.amendments.list()[0]?.count, 2)

  // Who has no part in it neither sees nor ends it; the owner of nothing is told that it is not there.
  const given = home.authority.amendments.list()[0]!.id
  const mallory = await home.person('mallory', [])
  const word = { body: { reason: 'mine now' }, as: mallory }
  const refused = await home.read('POST', `/v1/amendments/${given}/withdraw`, word, 404)
  assert.equal(refused['code'], 'amendment.unknown')
  const viewer = { ...word, as: await home.person('vera', ['viewer']) }
  const kept = await home.read('POST', `/v1/amendments/${given}/withdraw`, viewer, 403)
  assert.equal(kept['code'], 'amendment.not_yours')
  const shown = await home.read('GET', `/v1/amendments/${given}`, { as: finn.person })
  assert.deepEqual(shown['bounds'], {
    input: { amount_cents: asked },
    loosen: [['/amount_cents<=5000']],
  })
  await home.read('POST', `/v1/amendments/${given}/withdraw`, { ...word, as: finn.person })
  assert.deepEqual(home.authority.amendments.list(), [])
})

test('the page asks for a passkey where the gate does, by a script of ours alone', async () => {
  const id = await held('finance, present', 'finance')
  const response = await finn.browser.ask('GET', `/approvals/${id}`, { page: true })
  const text = await response.text()
  assert.match(text, /<form class="present" data-approval="[^"]+" data-gate="p1">/)
  assert.match(text, /<input type="hidden" name="gate" value="p2"/)
  assert.match(response.headers.get('content-security-policy') ?? '', /script-src 'self';/)
  const stranger = await new FakeBrowser(home).ask('GET', `/approvals/${id}`, { page: true })
  assert.match(stranger.headers.get('content-security-policy') ?? '', /form-action 'none'/)
  const script = await finn.browser.ask('GET', '/page/approve.js')
  assert.match(await script.text(), /from '\.\/passkey\.js'/)
})
