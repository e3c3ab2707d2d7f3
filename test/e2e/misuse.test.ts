// Holds misuse of credentials end to end: what a copied key or a repeated request leads to, in a whole Bailiwick.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import * as DPoP from 'dpop'
import { Agent, fetch as undiciFetch, type RequestInit } from 'undici'
import type { Holder } from '../../src/cli/identity/holder.ts'
import { FindingsAnswer, type Finding } from '../../src/wire/api/finding.ts'
import { Status } from '../../src/wire/api/status.ts'
import { fakeRequest, p256 } from '../fakes/identity.ts'
import { webKeys } from '../fakes/oauth.ts'
import { Bailiwick, testServer } from './bailiwick.ts'
import { until } from './until.ts'

const [HERE, THERE] = ['127.0.0.1', '127.0.0.2']

/** A Bailiwick with one system, one agent, and clients that can be in two places. */
class World implements AsyncDisposable {
  readonly bailiwick: Bailiwick
  readonly #agents: Agent[] = []

  private constructor(bailiwick: Bailiwick) {
    this.bailiwick = bailiwick
  }

  static async open(environment: Readonly<Record<string, string>> = {}): Promise<World> {
    const bailiwick = await Bailiwick.start(environment)
    const journal = join(bailiwick.home, 'journal')
    writeFileSync(journal, '')
    await bailiwick.pin('probe', testServer('fakes/sdk-upstream.ts', journal))
    await bailiwick.apply(
      `@id("w") @without("user, task") permit (principal in Role::"worker", action, resource);`,
    )
    await bailiwick.agent('worker', ['worker'], true)
    return new World(bailiwick)
  }

  enrol(): Promise<Holder> {
    return this.bailiwick.enrol('worker', true)
  }

  /** Sends a request over connections that come from one address of this machine. */
  async ask(holder: Holder, place: string, url: string, init: RequestInit): Promise<Answer> {
    const connect = { ...holder.tls(), checkServerIdentity: () => undefined }
    const agent = new Agent({ connect, localAddress: place })
    this.#agents.push(agent)
    const answer = await undiciFetch(url, { method: 'POST', ...init, dispatcher: agent })
    const text = await answer.text()
    return { status: answer.status, nonce: answer.headers.get('dpop-nonce') ?? '', text }
  }

  /** One call of `echo` with the certificate of an instance. */
  call(holder: Holder, place: string): Promise<Answer> {
    const url = `${this.bailiwick.gatewayUrl}/mcp/probe`
    return this.ask(holder, place, url, { headers: CALL_HEADERS, body: callBody() })
  }

  /** One call of `echo` over the gateway without TLS, with a token and a proof. */
  async callPlain(token: string, proof: string): Promise<Answer> {
    const headers = { ...CALL_HEADERS, authorization: `DPoP ${token}`, dpop: proof }
    const answer = await undiciFetch(await this.plainUrl(), {
      method: 'POST',
      headers,
      body: callBody(),
    })
    const nonce = answer.headers.get('dpop-nonce') ?? ''
    return { status: answer.status, nonce, text: await answer.text() }
  }

  async plainUrl(): Promise<string> {
    const { listeners } = await this.bailiwick.control.get('/v1/status', Status)
    return `${listeners.gateway_plain}/mcp/probe`
  }

  tokenUrl(): string {
    return `${this.bailiwick.identityUrl}/oauth/token`
  }

  /** Asks for a token of one's own. */
  grant(holder: Holder, place: string, proof?: string): Promise<Answer> {
    return this.ask(holder, place, this.tokenUrl(), {
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        ...(proof !== undefined && { dpop: proof }),
      },
      body: 'grant_type=client_credentials',
    })
  }

  /** A token that is bound to a DPoP key. */
  async token(holder: Holder, keys: CryptoKeyPair): Promise<string> {
    const proof = (nonce?: string) => DPoP.generateProof(keys, this.tokenUrl(), 'POST', nonce)
    const { nonce } = await this.grant(holder, HERE, await proof())
    const answer = await this.grant(holder, HERE, await proof(nonce))
    const { access_token } = JSON.parse(answer.text) as { access_token?: string }
    assert.ok(access_token !== undefined, answer.text)
    return access_token
  }

  /** What `finding ls` says. */
  async findings(): Promise<readonly Finding[]> {
    const { code, stdout, stderr } = await this.bailiwick.cli(['finding', 'ls', '-o', 'json'])
    assert.equal(code, 0, stderr)
    return FindingsAnswer.parse(JSON.parse(stdout)).findings
  }

  /** The finding of a rule, once it is stored and, where it should, answered. */
  finding(rule: string): Promise<Finding> {
    return until(`a finding of ${rule}`, async () =>
      (await this.findings()).find((one) => one.rule === rule),
    )
  }

  async locks(): Promise<readonly string[]> {
    const { stdout } = await this.bailiwick.cli(['lock', 'ls', '-o', 'json'])
    const { locks } = JSON.parse(stdout) as { locks: { id: string }[] }
    return locks.map(({ id }) => id)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#agents.map((agent) => agent.close()))
    await this.bailiwick[Symbol.asyncDispose]()
  }
}

interface Answer {
  readonly status: number
  readonly nonce: string
  readonly text: string
}

const CALL_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
}

function callBody(): string {
  const params = { name: 'echo', arguments: { text: 'hello' } }
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params })
}

function allowed({ status, text }: Answer): void {
  assert.equal(status, 200, text)
  assert.match(text, /hello/)
  assert.doesNotMatch(text, /"error"/)
}

function locked({ text }: Answer): void {
  assert.match(text, /admit\.locked/)
}

/** The records that tell of a finding and of its lock. */
async function recorded(world: World, { id, lock, instance }: Finding): Promise<void> {
  const raised = await world.bailiwick.records('finding.raised')
  assert.ok(raised.some(({ record }) => JSON.stringify(record).includes(id)))
  const added = await world.bailiwick.records('lock.added')
  const words = added.map(({ record }) => JSON.stringify(record))
  assert.ok(lock !== null && words.some((one) => one.includes(lock) && one.includes(instance!)))
}

test('INV-5 a DPoP proof that comes again at the gateway locks its instance at once; closing the finding leaves the lock', async () => {
  await using world = await World.open()
  const [holder, other] = [await world.enrol(), await world.enrol()]
  const keys = await webKeys()
  const token = await world.token(holder, keys)
  const url = await world.plainUrl()
  const proof = (nonce?: string) => DPoP.generateProof(keys, url, 'POST', nonce, token)
  const { nonce, status } = await world.callPlain(token, await proof())
  assert.equal(status, 401)
  const recordedOnTheWay = await proof(nonce)
  allowed(await world.callPlain(token, recordedOnTheWay))
  allowed(await world.callPlain(token, await proof(nonce)))
  const replay = await world.callPlain(token, recordedOnTheWay)
  assert.equal(replay.status, 401)
  assert.match(replay.text, /dpop\.replayed/)
  locked(await world.callPlain(token, await proof(nonce)))
  locked(await world.call(holder, HERE))
  allowed(await world.call(other, HERE))
  const found = await world.finding('dpop-replay')
  assert.deepEqual([found.severity, found.agent], ['critical', 'worker'])
  assert.equal(found.instance, holder.identity.instance)
  await recorded(world, found)
  const words = ['finding', 'close', found.id, '--reason', 'a retry of a proxy', '-o', 'json']
  assert.equal((await world.bailiwick.cli(words)).code, 0)
  assert.deepEqual(await world.findings(), [])
  assert.deepEqual(await world.locks(), [found.lock])
  locked(await world.call(holder, HERE))
  // Who lifts the lock has looked at what was; the same again is not waved through because it was told already.
  await world.bailiwick.unlock(found.lock!)
  allowed(await world.call(holder, HERE))
  assert.match((await world.callPlain(token, recordedOnTheWay)).text, /dpop\.replayed/)
  locked(await world.call(holder, HERE))
  assert.notEqual((await world.finding('dpop-replay')).id, found.id)
})

test('INV-5 a DPoP proof that comes again at the token endpoint locks its instance', async () => {
  await using world = await World.open()
  const holder = await world.enrol()
  const keys = await webKeys()
  const first = await DPoP.generateProof(keys, world.tokenUrl(), 'POST')
  const { nonce } = await world.grant(holder, HERE, first)
  const proof = await DPoP.generateProof(keys, world.tokenUrl(), 'POST', nonce)
  assert.equal((await world.grant(holder, HERE, proof)).status, 200)
  allowed(await world.call(holder, HERE))
  assert.match((await world.grant(holder, HERE, proof)).text, /dpop\.replayed/)
  locked(await world.call(holder, HERE))
  await recorded(world, await world.finding('dpop-replay'))
})

test('INV-5 a join token that is used twice locks whoever was first', async () => {
  await using world = await World.open()
  const token = await world.bailiwick.joinToken('worker', true)
  const holder = await world.bailiwick.enrolWith(token)
  allowed(await world.call(holder, HERE))
  await assert.rejects(world.bailiwick.enrolWith(token), /join token has been used/)
  locked(await world.call(holder, HERE))
  const found = await world.finding('join-race')
  assert.equal(found.instance, holder.identity.instance)
  await recorded(world, found)
})

test('one certificate in two places is told and locks nobody, unless the setting says so', async () => {
  await using world = await World.open()
  const holder = await world.enrol()
  allowed(await world.call(holder, HERE))
  assert.deepEqual(await world.findings(), [])
  allowed(await world.call(holder, THERE))
  const found = await world.finding('credential-in-two-places')
  assert.deepEqual([found.severity, found.lock], ['high', null])
  assert.deepEqual([found.facts['place'], found.facts['otherPlace']], [THERE, HERE])
  assert.deepEqual(await world.locks(), [])
  allowed(await world.call(holder, HERE))
  // Renewing from elsewhere is how somebody who has a copy would stay.
  const renewal = await world.ask(holder, THERE, `${world.bailiwick.identityUrl}/v1/renew`, {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ csr: fakeRequest(p256()) }),
  })
  assert.equal(renewal.status, 200, renewal.text)
  assert.equal((await world.finding('renewal-from-elsewhere')).severity, 'medium')
})

test('INV-5 with BAILIWICK_LOCK_ON=high, one certificate at the gateway and elsewhere at the token endpoint is locked', async () => {
  await using world = await World.open({ BAILIWICK_LOCK_ON: 'high' })
  const holder = await world.enrol()
  allowed(await world.call(holder, HERE))
  assert.equal((await world.grant(holder, THERE)).status, 200)
  locked(await world.call(holder, HERE))
  await recorded(world, await world.finding('credential-in-two-places'))
})
