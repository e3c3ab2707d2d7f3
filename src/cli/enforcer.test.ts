// Holds the tests of `enforcer`: registered, shown, revoked, and an assertion made here, against the real control API.

import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test, type TestContext } from 'node:test'
import { systemNamed } from '../../test/fakes/authority.ts'
import { ControlCli } from '../../test/fakes/control-cli.ts'

const folder = mkdtempSync(join(tmpdir(), 'bailiwick-enforcer-'))
const pair = generateKeyPairSync('ed25519')
const [open, secret] = [join(folder, 'pep.pem'), join(folder, 'pep.key')]
let cli: ControlCli

before(async () => {
  writeFileSync(open, pair.publicKey.export({ type: 'spki', format: 'pem' }))
  writeFileSync(secret, pair.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  cli = await ControlCli.open()
  const by = { person: cli.home.ada.id, reason: 'a test' }
  await cli.home.authority.systems.pin(systemNamed('shop'), by)
})
after(async () => {
  await cli.close()
  rmSync(folder, { recursive: true, force: true })
})

const why = ['--reason', 'a test']

async function done(t: TestContext, ...argv: string[]): Promise<string> {
  const { code, out, err } = await cli.run(t, argv)
  assert.equal(code, 0, `${argv.join(' ')}: ${err}`)
  return out
}

test('an enforcer is added by its public key, listed, shown and revoked', async (t) => {
  const words = ['enforcer', 'add', 'pep', '--system', 'shop', '--public-key']
  const wrong = await cli.run(t, [...words, secret, ...why])
  assert.match(wrong.err, /this is a private key/)
  await done(t, ...words, open, ...why)
  for (const verb of [['ls'], ['list'], ['show', 'pep']]) {
    assert.match(await done(t, 'enforcer', ...verb), /^pep +shop /m)
  }
  const unknown = await cli.run(t, ['enforcer', 'show', 'pip'])
  assert.match(unknown.err, /no enforcer `pip`/)
  assert.match(await done(t, 'enforcer', 'revoke', 'pep', ...why), /^revoked: pep$/m)
  assert.doesNotMatch(await done(t, 'enforcer', 'ls'), /^pep/m)
})

test('an assertion is made here, and the decision point knows the enforcer by it', async (t) => {
  await done(t, 'enforcer', 'add', 'other', '--system', 'shop', '--public-key', open, ...why)
  const token = (await done(t, 'enforcer', 'token', 'other', '--key', secret)).trim()
  const { enforcers } = cli.home.authority
  const audience = 'http://bailiwick.localhost:7400'
  assert.equal(enforcers.identify(token, audience).name, 'other')
  assert.throws(() => enforcers.identify(token, 'http://elsewhere.example'), /not meant for/)
  const wrong = await cli.run(t, ['enforcer', 'token', 'other', '--key', open])
  assert.match(wrong.err, /no private key/)
})
