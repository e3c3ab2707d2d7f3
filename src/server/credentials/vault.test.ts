// Holds the tests of values that are kept in a vault: against the made-up one, and against a real OpenBao where there is one.

import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultOf } from '../../../test/fakes/authority.ts'
import { CredentialWorld } from '../../../test/fakes/credential-world.ts'
import { RealVault, vaultProgram } from '../../../test/fakes/real-vault.ts'
import { FakeVault, type TestVault } from '../../../test/fakes/vault.ts'
import { systemClock } from '../../std/clock.ts'
import type { VaultLogin } from './vault-client.ts'

const program = vaultProgram()
const KINDS: readonly (readonly [string, () => Promise<TestVault>])[] = [
  ['made up', () => FakeVault.open()],
  ...(program === undefined ? [] : [[program, () => RealVault.open(program)] as const]),
]

/** Runs with a vault and a world that signs in to it. */
async function withVault(
  open: () => Promise<TestVault>,
  login: (vault: TestVault, folder: string) => Promise<VaultLogin>,
  run: (world: CredentialWorld, vault: TestVault) => Promise<void>,
  namespace?: string,
): Promise<void> {
  const vault = await open()
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-vault-'))
  try {
    const settings = { url: vault.url, private: true, login: await login(vault, folder) }
    await using world = await CredentialWorld.open({
      ...settings,
      ...(namespace !== undefined && { namespace }),
    })
    await run(world, vault)
  } finally {
    await vault.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function approle(vault: TestVault, folder: string): Promise<VaultLogin> {
  const { roleId, secretId } = await vault.approle()
  const secretIdFile = join(folder, 'secret-id')
  writeFileSync(secretIdFile, `${secretId}\n`, { mode: 0o600 })
  return { kind: 'approle', mount: 'approle', roleId, secretIdFile }
}

const by = { person: 'per_1' }

for (const [kind, open] of KINDS) {
  test(`KV version 2 by AppRole, asked for anew when it has changed (${kind})`, () =>
    withVault(open, approle, async (world, vault) => {
      const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
      await world.authority.secrets.refer('crm', 'KEY', 'vault:kv/data/crm#token', by)
      await assert.rejects(world.equip(system), faultOf('credential.source', /status 404/))
      await vault.put('kv/data/crm', { token: 'from the vault' })
      const first = await world.equip(system)
      assert.deepEqual(first.headers, { 'x-key': 'from the vault' })
      assert.deepEqual(first.secrets, ['from the vault'])
      assert.deepEqual(first.used, ['vault:kv/data/crm#token@v1'])
      await vault.put('kv/data/crm', { token: 'another' })
      assert.deepEqual((await world.equip(system)).used, ['vault:kv/data/crm#token@v1'])
      world.home.clock.advance(30_000)
      const second = await world.equip(system)
      assert.deepEqual(second.headers, { 'x-key': 'another' })
      assert.notEqual(second.account, first.account)
      await world.authority.secrets.refer('crm', 'KEY', 'vault:kv/data/crm#other', by)
      await assert.rejects(world.equip(system), faultOf('credential.source', /no text `other`/))
      // INV-3: neither the log nor the rows hold what the vault holds.
      assert.ok(!JSON.stringify(world.home.audit.recorded).includes('from the vault'))
    }))

  test(`a dynamic secret: one lease for a system, and one of each call given back in its end (${kind})`, () =>
    withVault(open, approle, async (world, vault) => {
      const { secrets } = world.authority
      const transport = {
        kind: 'stdio',
        command: '/bin/x',
        args: [],
        env: ['USER_', 'PASS'],
      } as const
      const system = await world.pin('queue', transport)
      await secrets.refer('queue', 'USER_', 'vault:rabbitmq/creds/reader#username', by)
      await secrets.refer('queue', 'PASS', 'vault:rabbitmq/creds/reader#password', by)
      const { environment } = await world.equip(system)
      assert.equal(vault.users.size, 1)
      assert.ok(vault.users.has(environment['USER_']!))
      const again = await world.equip(system)
      assert.deepEqual({ ...again.environment }, { ...environment })
      const auth = { kind: 'header', header: 'X-Key', secret: 'KEY', perCall: true } as const
      const called = await world.system('rest', auth)
      await secrets.refer('rest', 'KEY', 'vault:rabbitmq/creds/reader#password', by)
      const one = await world.equip(called)
      const two = await world.equip(called)
      assert.notDeepEqual(one.headers, two.headers)
      assert.equal(vault.users.size, 3)
      await one.conclude?.()
      await two.conclude?.()
      assert.deepEqual([...vault.users], [environment['USER_']])
      // The end of the home ends what it still holds.
      await world.credentials.close()
      assert.equal(vault.users.size, 0)
    }))

  test(`signing in with our own JWT-SVID (${kind})`, () =>
    withVault(
      open,
      () => Promise.resolve({ kind: 'jwt', mount: 'jwt', role: 'gateway', audience: 'vault' }),
      async (world, vault) => {
        const spki = {
          key: Buffer.from(world.home.keys.tokens.publicKey),
          format: 'der',
          type: 'spki',
        } as const
        const pem = createPublicKey(spki).export({ format: 'pem', type: 'spki' }).toString()
        // A real one looks at the time.
        world.home.clock.setWall(systemClock.now())
        const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
        await world.authority.secrets.refer('crm', 'KEY', 'vault:kv/data/crm#token', by)
        await vault.put('kv/data/crm', { token: 'from the vault' })
        await assert.rejects(world.equip(system), faultOf('credential.source', /sign in/))
        await vault.trustJwt(pem, 'spiffe://world.test/bailiwick/gateway')
        assert.deepEqual((await world.equip(system)).headers, { 'x-key': 'from the vault' })
      },
    ))
}

test('a sign-in that was taken back is made anew, once; the namespace goes with every request', async () => {
  const vault = await FakeVault.open()
  await withVault(
    () => Promise.resolve(vault),
    approle,
    async (world) => {
      const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
      await world.authority.secrets.refer('crm', 'KEY', 'vault:kv/data/crm#token', by)
      await vault.put('kv/data/crm', { token: 'from the vault' })
      await world.equip(system)
      vault.forget()
      world.home.clock.advance(30_000)
      await world.equip(system)
      assert.deepEqual(new Set(vault.namespaces), new Set(['team/one']))
      assert.equal(vault.namespaces.length, 5)
    },
    'team/one',
  )
})

test('without a vault a reference is a credential that is missing', async () => {
  await using world = await CredentialWorld.open()
  const system = await world.system('crm', { kind: 'header', header: 'X-Key', secret: 'KEY' })
  await world.authority.secrets.refer('crm', 'KEY', 'vault:kv/data/crm#token', by)
  await assert.rejects(world.equip(system), faultOf('credential.no_source'))
})

test('references that a server could read as another path, or as its own business, are none', async () => {
  await using world = await CredentialWorld.open()
  const { secrets } = world.authority
  for (const text of [
    'vault:kv/data/../../sys/seal#x',
    'vault:sys/raw/core#x',
    'vault:AUTH/token/lookup-self#id',
    'vault:kv/data/a%2e%2e/b#x',
    'vault:/kv/data/a#x',
    'vault:kv/data/a',
    'vault:kv/data/a?list=true#x',
    'vault:kv#x',
    'env:HOME#x',
  ]) {
    await assert.rejects(secrets.refer('crm', 'KEY', text, by), faultOf('secret.reference'), text)
  }
})
