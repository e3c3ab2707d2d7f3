// Holds the tests of `agent` and `team`: lives, owners and roles from the command line, against the real control API.

import assert from 'node:assert/strict'
import { after, before, test, type TestContext } from 'node:test'
import { ControlCli, type CliEnded } from '../../test/fakes/control-cli.ts'

let cli: ControlCli

before(async () => {
  cli = await ControlCli.open()
  await cli.home.person('grace', ['operator'])
})
after(() => cli.close())

async function done(t: TestContext, ...argv: string[]): Promise<string> {
  const { code, out, err } = await cli.run(t, argv)
  assert.equal(code, 0, `${argv.join(' ')}: ${err}`)
  return out
}

function refused(t: TestContext, ...argv: string[]): Promise<CliEnded> {
  return cli.run(t, argv)
}

const why = ['--reason', 'a test']

test('a team is made, and owns an agent with dates, an environment and a risk', async (t) => {
  assert.match(await done(t, 'team', 'add', 'mail', '--member', 'ada', ...why), /^mail +ada +0 /m)
  const options =
    '--owner team:mail --role mail --environment production --risk high --review 90d ' +
    '--expires 2026-06-30 --client https://client.example/metadata.json'
  const words = ['agent', 'add', 'sorter', '--purpose', 'sorts', ...options.split(' ')]
  const out = await done(t, ...words)
  for (const line of [
    /^state +active$/m,
    /^owner +team:mail$/m,
    /^environment +production$/m,
    /^risk +high$/m,
    /^review +2026-04-01 00:00:00Z \(in 90 d\)$/m,
    /^expires +2026-06-30 00:00:00Z/m,
    /^mail +2026-04-01 00:00:00Z \(in 90 d\) +never +2026-01-01 00:00:00Z \(now\) +ada +registered with it$/m,
  ]) {
    assert.match(out, line)
  }
  assert.match(await done(t, 'team', 'show', 'mail'), /^mail +ada +1 /m)
})

test('an agent that waits is activated, and a step that is none is refused with what to do', async (t) => {
  await done(t, 'agent', 'add', 'waiter', '--purpose', 'waits', '--pending')
  const early = await refused(t, 'agent', 'update', 'waiter', '--state', 'suspended', ...why)
  assert.equal(early.code, 1)
  assert.match(early.err, /agent\.transition/)
  await done(t, 'agent', 'update', 'waiter', '--state', 'active', ...why)
  assert.equal(cli.home.authority.agents.find('waiter').state, 'active')
  const dateless = await done(t, 'agent', 'update', 'sorter', '--expires', 'never', ...why)
  assert.doesNotMatch(dateless, /^expires/m)
  for (const words of [
    ['--state', 'gone'],
    ['--risk', 'none'],
    ['--expires', 'soon'],
    ['--review', '2026-13-01'],
  ]) {
    assert.equal((await refused(t, 'agent', 'update', 'sorter', ...words, ...why)).code, 2)
  }
})

test('a role is assigned with an end, reviewed and removed, each with a reason', async (t) => {
  const reasonless = await refused(t, 'agent', 'role', 'assign', 'sorter', 'deploy')
  assert.match(reasonless.err, /a reason is missing/)
  const out = await done(
    t,
    'agent',
    'role',
    'assign',
    'sorter',
    'deploy',
    '--expires',
    '7d',
    ...why,
  )
  assert.match(out, /^roles +deploy mail$/m)
  assert.match(out, /^deploy +2026-01-08 00:00:00Z \(in 7 d\) +never .* ada +a test$/m)
  assert.match(
    await done(t, 'agent', 'role', 'review', 'sorter', 'mail', ...why),
    /^mail +2026-04-01 00:00:00Z \(in 90 d\) +2026-01-01 00:00:00Z \(now\)/m,
  )
  assert.match(
    await done(t, 'agent', 'role', 'remove', 'sorter', 'deploy', ...why),
    /^roles +mail$/m,
  )
  const again = await refused(t, 'agent', 'role', 'remove', 'sorter', 'deploy', ...why)
  assert.match(again.err, /role\.unassigned/)
})

test('who leaves is seen at once: in the list, and by what can be done about it', async (t) => {
  await done(t, 'agent', 'add', 'left-behind', '--purpose', 'is left', '--owner', 'grace')
  const by = { person: cli.home.ada.id, reason: 'a test' }
  await cli.home.authority.people.leave('grace', by)
  await cli.home.authority.settled()
  const orphans = await done(t, 'agent', 'ls', '--orphaned')
  assert.match(orphans, /^left-behind +suspended: its owner left +0 +grace, who left /m)
  assert.equal(orphans.trim().split('\n').length, 2)
  assert.match(await done(t, 'agent', 'ls', '--owner', 'grace'), /^left-behind /m)
  const refusal = await refused(t, 'agent', 'update', 'left-behind', '--state', 'active', ...why)
  assert.match(refusal.err, /agent\.unowned.*\nnext: .*--owner/)
  const words = ['--owner', 'team:mail', '--state', 'active', ...why]
  assert.match(await done(t, 'agent', 'update', 'left-behind', ...words), /^state +active$/m)
  assert.equal((await done(t, 'agent', 'ls', '--orphaned')).trim().split('\n').length, 1)
})

test('lists are filtered, and as JSON they are whole', async (t) => {
  const out = await done(t, 'agent', 'ls', '--environment', 'production', '-o', 'json')
  const { agents } = JSON.parse(out) as { agents: { name: string }[] }
  assert.deepEqual(
    agents.map(({ name }) => name),
    ['sorter'],
  )
  cli.home.clock.advance(91 * 86_400_000)
  assert.match(await done(t, 'agent', 'ls', '--review-due'), /^sorter /m)
  const nobody = await refused(t, 'agent', 'ls', '--owner', 'nobody')
  assert.match(nobody.err, /person\.unknown/)
})
