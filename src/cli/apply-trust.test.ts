// Holds tests of documents of trust sources and registrations: the real command line against the real control API.

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import type { ControlHome } from '../../test/fakes/control.ts'
import { ControlCli } from '../../test/fakes/control-cli.ts'
import { Fleet } from '../../test/fakes/fleet.ts'

let cli: ControlCli
let home: ControlHome
let fleet: Fleet

before(async () => {
  cli = await ControlCli.open()
  home = cli.home
  fleet = new Fleet()
})
after(async () => {
  await cli.close()
  fleet[Symbol.dispose]()
})

async function apply(t: TestContext, text: string, ...more: string[]) {
  return cli.run(t, ['apply', '-f', '-', '-o', 'json', '--yes', ...more], { input: text })
}

async function made(t: TestContext, text: string): Promise<string[]> {
  const { code, out, err } = await apply(t, text)
  assert.equal(code, 0, err)
  const { changes } = JSON.parse(out) as {
    changes: { kind: string; action: string; members: { member: string }[] }[]
  }
  return changes.map(
    ({ kind, action, members }) =>
      `${action} ${kind} ${members.map(({ member }) => member).join(' ')}`,
  )
}

/** The one registration by tokens. */
function byToken() {
  return home.identities.registrations.list().find(({ attestor }) => attestor === 'oidc')
}

function documents(): string {
  const authority = fleet.root.certificate.trimEnd().replaceAll('\n', '\n  ')
  return `
kind: registration
agent: builder
attestor: oidc
source: ci
selectors: [oidc:repository:acme/shop, oidc:ref:refs/heads/main]
prove: { code: sha }
scope: [deploy/*]
expires: 2099-01-01
---
kind: registration
agent: builder
attestor: unix
selectors: [unix:user:builder]
---
kind: trust
name: ci
type: oidc
issuer: https://ci.example
audience: bailiwick
---
kind: trust
name: fleet
type: x509
certificates: |
  ${authority}
---
kind: agent
name: builder
owner: ada
purpose: builds
unattended: true
`
}

test('sources and registrations are applied in a right order, a second time changes nothing, and neither does their export', async (t) => {
  assert.deepEqual(await made(t, documents()), [
    'create agent owner purpose environment risk roles unattended taskless review expires clients',
    'create trust type issuer audience',
    'create trust type certificates',
    'create registration agent attestor source selectors prove scope expires',
    'create registration agent attestor selectors prove scope',
  ])
  assert.deepEqual(await made(t, documents()), [])
  const first = byToken()
  assert.deepEqual(
    [first?.composition, first?.scope, first?.person, first?.expiresAt],
    [{ code: 'sha' }, ['deploy/*'], undefined, Date.parse('2099-01-01')],
  )
  const { out } = await cli.run(t, ['export'])
  assert.match(out, /kind: registration\nagent: builder\n/)
  assert.deepEqual(await made(t, out), [])
  const only = await cli.run(t, ['export', '--kind', 'trust'])
  assert.equal(only.out.match(/^kind: /gm)?.length, 2)
})

test('a registration that says something else takes the place of the one before', async (t) => {
  const before = home.identities.registrations.list().length
  const wider = documents().replace('scope: [deploy/*]', 'scope: [deploy/*, notes/*]')
  const old = byToken()
  assert.deepEqual(await made(t, wider), ['update registration scope'])
  assert.equal(home.identities.registrations.get(old!.id), undefined)
  assert.equal(home.identities.registrations.list().length, before)
  assert.deepEqual(await made(t, documents()), ['update registration scope'])
})

test('an end that has passed is no difference, and what somebody registered on their own behalf is no document', async (t) => {
  const { registrations } = home.identities
  const mine = { agent: 'builder', attestor: 'oidc', source: 'ci', person: home.ada.id } as const
  const { id } = await registrations.register({ ...mine, selectors: ['oidc:sub:me'] }, home.ada.id)
  const { out } = await cli.run(t, ['export', '--kind', 'registration'])
  assert.doesNotMatch(out, /oidc:sub:me/)
  const past = `kind: registration\nagent: builder\nattestor: unix\nselectors: [unix:user:late]\nexpires: 2001-01-01\n`
  assert.deepEqual(await made(t, past), [])
  await registrations.remove(id, { person: home.ada.id, reason: 'is tested' })
})

test('what cannot be is told with its place, and nothing is changed', async (t) => {
  const count = home.identities.registrations.list().length
  for (const [text, said] of [
    [
      documents().replace('ci.example', 'other.example'),
      /trust ci: it is trusted with another issuer/,
    ],
    [
      documents().replace('  -----END', '  ----END'),
      /certificates: is not one certificate or more/,
    ],
    ['kind: trust\nname: staff\ntype: login\nissuer: https://id.example\n', /type/],
    ['kind: trust\nname: x\ntype: oidc\nissuer: https://x\naudience: a\nsecret: b\n', /`secret`/],
    ['kind: registration\nagent: builder\nattestor: unix\nselectors: []\n', /selectors/],
    [
      'kind: registration\nagent: builder\nattestor: unix\nselectors: [a]\nperson: ada\n',
      /`person` is not known/,
    ],
    [`${documents()}---${documents()}`, /stands in standard input:\d+ already/],
  ] as const) {
    const { code, err } = await apply(t, text)
    assert.equal(code, 1, err)
    assert.match(err, /apply\.document/)
    assert.match(err, said)
  }
  assert.equal(home.identities.registrations.list().length, count)
})

test('what the server refuses is told with its code', async (t) => {
  const { code, err } = await apply(
    t,
    'kind: registration\nagent: nobody\nattestor: unix\nselectors: [unix:user:x]\n',
  )
  assert.notEqual(code, 0)
  assert.match(err, /identity\.unknown_agent/)
})
