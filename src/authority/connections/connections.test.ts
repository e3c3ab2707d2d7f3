// Holds the tests of connections: sealed, one person's own, gone when closed.

import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { faultOf, withAuthority } from '../../../test/fakes/authority.ts'
import { digest, utf8 } from '../../std/bytes.ts'

const by = { person: 'per_1' }
const FILE = '{"mcpServers":{"x":{"env":{"KEY":"correct horse battery staple"}}}}'
const WISH = {
  client: 'cursor',
  agent: 'cursor',
  path: '/home/ada/.cursor/mcp.json',
  part: 'servers',
  before: utf8(FILE),
  after: digest('{}'),
  entries: [{ place: ['mcpServers', 'x'], system: 'x' }],
} as const

test('INV-3 what a file was is in no record and in no file in clear, and nothing names its person’s folder', () =>
  withAuthority(async (home, authority) => {
    const { id } = await authority.connections.add(WISH, by)
    const { connections } = await home.reopen()
    const { bytes, connection } = await connections.backup(id, by)
    assert.equal(Buffer.from(bytes!).toString(), FILE)
    assert.equal(connection.before, digest(FILE))
    assert.doesNotMatch(JSON.stringify(home.audit.recorded), /horse|ada/)
    assert.equal(home.audit.last('connection.read').person, 'per_1')
    for (const file of readdirSync(home.directory).filter((name) => name.startsWith('bailiwick'))) {
      assert.ok(!readFileSync(join(home.directory, file)).includes('horse'), file)
    }
  }))

test('nobody but the person whose file it is has it back, or forgets it', () =>
  withAuthority(async (_home, { connections }) => {
    const { id } = await connections.add(WISH, by)
    const other = { person: 'per_2', reason: 'curious' }
    await assert.rejects(connections.backup(id, other), faultOf('connection.other_person'))
    await assert.rejects(connections.close(id, other), faultOf('connection.other_person'))
    assert.equal(connections.list().length, 1)
  }))

test('what was closed is gone, and needs a reason', () =>
  withAuthority(async (home, authority) => {
    const { id } = await authority.connections.add(WISH, by)
    const close = (reason: string) => authority.connections.close(id, { ...by, reason })
    await assert.rejects(close(' '), faultOf('reason.required'))
    assert.equal((await close('done')).sealed, '')
    await assert.rejects(authority.connections.backup(id, by), faultOf('connection.unknown'))
    assert.deepEqual((await home.reopen()).connections.list(), [])
  }))

test('where there was no file there is none to give back', () =>
  withAuthority(async (_home, { connections }) => {
    const { before: _, ...wish } = WISH
    const { id } = await connections.add({ ...wish, part: 'hooks' }, by)
    assert.equal((await connections.backup(id, by)).bytes, undefined)
  }))

test('files that are too large, named by no absolute path, or of no name of a client are refused', () =>
  withAuthority(async (home, { connections }) => {
    const large = { ...WISH, before: new Uint8Array(8_388_609) }
    await assert.rejects(connections.add(large, by), faultOf('connection.file'))
    await assert.rejects(connections.add({ ...WISH, path: 'a' }, by), faultOf('connection.file'))
    await assert.rejects(connections.add({ ...WISH, client: '../x' }, by), faultOf('name.invalid'))
    assert.deepEqual(home.audit.types(), [])
  }))

test('a key that was replaced is destroyed only when no file is sealed under it', () =>
  withAuthority(async (home, authority) => {
    const { id } = await authority.connections.add(WISH, by)
    const old = home.keys.envelopes.current
    await home.keys.envelopes.rotate()
    assert.equal(await authority.connections.usesKey(old), true)
    assert.equal(await authority.connections.rewrap(), 1)
    assert.equal(await authority.connections.usesKey(old), false)
    const { bytes } = await (await home.reopen()).connections.backup(id, by)
    assert.equal(Buffer.from(bytes!).toString(), FILE)
  }))
