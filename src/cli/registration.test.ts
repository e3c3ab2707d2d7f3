// Holds tests of `trust`, `registration` and `instance show` over the real control API: what they send and what they draw.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ControlCli } from '../../test/fakes/control-cli.ts'
import { Fleet } from '../../test/fakes/fleet.ts'
import { fakeRequest, p256 } from '../../test/fakes/identity.ts'

let cli: ControlCli
let fleet: Fleet

before(async () => {
  cli = await ControlCli.open()
  fleet = new Fleet()
  cli.home.clock.setWall(Date.parse('2027-01-01T00:00:00Z'))
  const { id } = cli.home.ada
  const bot = { name: 'bot', owner: id, purpose: 'is tested', roles: [], unattended: false }
  await cli.home.authority.agents.register(bot, { person: id })
})

after(async () => {
  await cli.close()
  fleet[Symbol.dispose]()
})

const WHY = ['--reason', 'is tested']

test('sources are trusted, listed and trusted no more', async (t) => {
  const issuer = ['--issuer', 'https://ci.example', '--audience', 'us']
  const added = await cli.run(t, ['trust', 'add', 'oidc', 'ci', ...issuer, ...WHY])
  assert.equal(added.code, 0, added.err)
  assert.match(added.out, /ci\s+attest-oidc\s+https:\/\/ci\.example\s+us/)
  const secret = `${fleet.root.files.key}.secret`
  writeFileSync(secret, 'do-not-tell\n')
  const groups = ['--group', 'ops=operator', '--group', 'ops=viewer', '--groups-max-age', '12h']
  const login = ['--issuer', 'https://id.example', '--client-id', 'us', '--secret-file', secret]
  const staff = await cli.run(t, [
    '-o',
    'json',
    'trust',
    'add',
    'login',
    'staff',
    ...login,
    ...groups,
    ...WHY,
  ])
  assert.equal(staff.code, 0, staff.err)
  const shown = JSON.parse(staff.out) as Record<string, unknown>
  assert.deepEqual(shown['group_roles'], { ops: ['operator', 'viewer'] })
  assert.deepEqual([shown['groups_max_age_s'], shown['has_secret']], [43_200, true])
  assert.ok(!staff.out.includes('do-not-tell'))
  assert.equal(cli.home.authority.sessions.sources.secretOf('staff'), 'do-not-tell')
  const listed = await cli.run(t, ['trust', 'ls'])
  assert.match(listed.out, /ci[^]*staff/)
  const removed = await cli.run(t, ['trust', 'rm', 'staff', ...WHY])
  assert.equal(removed.out, 'no longer trusted: staff\n')
  for (const [words, code] of [
    [['trust', 'add', 'oidc', 'other', '--issuer', 'https://x.example'], 'cli.usage'],
    [['trust', 'add', 'x509', 'other', '--ca', '/nowhere', ...WHY], 'cli.file'],
    [['trust', 'add', 'login', 'x', ...login, '--group', 'ops', ...WHY], 'cli.usage'],
    [['trust', 'rm', 'other', ...WHY], 'trust.unknown'],
  ] as const) {
    const wrong = await cli.run(t, words)
    assert.match(wrong.err, new RegExp(`\\(${code.replace('.', '\\.')}\\)`), words.join(' '))
  }
})

test('workloads are registered on behalf of who types, listed and removed', async (t) => {
  const words = ['registration', 'add', 'bot', '--attestor', 'unix', '--expires', '30d']
  const selectors = ['--selector', 'unix:uid:1000', '--selector', 'unix:path:/opt/bot']
  const more = ['--scope', 'fs/*', '--prove', 'code=sha256']
  const added = await cli.run(t, ['-o', 'json', ...words, ...selectors, ...more])
  assert.equal(added.code, 0, added.err)
  const made = JSON.parse(added.out) as Record<string, unknown>
  assert.deepEqual(
    [made['on_behalf_of'], made['composition'], made['scope'], made['expires_at']],
    ['ada', { code: 'sha256' }, ['fs/*'], '2027-01-31T00:00:00.000Z'],
  )
  const listed = await cli.run(t, ['registration', 'ls', '--agent', 'bot'])
  assert.match(listed.out, /bot\s+unix\s+unix:path:\/opt\/bot/)
  const removed = await cli.run(t, ['registration', 'rm', String(made['id']), ...WHY])
  assert.equal(removed.out, `removed ${String(made['id'])}\n`)
  for (const wrong of [
    ['registration', 'add', 'bot', '--attestor', 'psychic', '--selector', 'x:y:z'],
    ['registration', 'add', 'bot', '--attestor', 'unix'],
    ['registration', 'add', 'bot', '--attestor', 'unix', ...selectors, '--prove', 'code'],
    ['registration', 'add', 'bot', '--attestor', 'unix', ...selectors, '--expires', 'soon'],
    ['call', 'fs', 'read', '--as', 'bot', '--attest', 'oidc', '--source', 'ci'],
    ['call', 'fs', 'read', '--as', 'bot', '--attest', 'x509pop', '--source', 'ci', '--cert', 'x'],
    ['call', 'fs', 'read', '--as', 'bot', '--attest', 'unix', '--source', 'ci'],
    ['call', 'fs', 'read', '--as', 'bot', '--attest', 'oidc', '--token-file', 'x'],
    ['call', 'fs', 'read', '--as', 'bot', '--attest', 'oidc', '--join-token-file', 'x'],
  ]) {
    const { code, err } = await cli.run(t, wrong)
    assert.deepEqual([code, /\(cli\.usage\)/.test(err)], [2, true], `${wrong.join(' ')}: ${err}`)
  }
})

test('an instance is shown with what vouched for it', async (t) => {
  const { identities } = cli.home
  const { token } = await identities.issueJoinToken({
    agent: 'bot',
    person: cli.home.ada.id,
    by: cli.home.ada.id,
  })
  const { instance } = await identities.enrol({ token, csr: fakeRequest(p256()) })
  const shown = await cli.run(t, ['instance', 'show', instance])
  assert.equal(shown.code, 0, shown.err)
  assert.match(shown.out, /vouched for by\s+join token/)
  assert.match(shown.out, /spiffe id\s+spiffe:\/\/control\.test\/agent\/bot/)
  const none = await cli.run(t, ['instance', 'show', '00000000-0000-7000-8000-000000000000'])
  assert.match(none.err, /\(identity\.no_instance\)/)
})
