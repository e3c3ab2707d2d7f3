// Holds jobs of the console beyond the daily ones: pictures that one walks through, and agreeing to more than one call.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Page } from 'playwright-core'
import type { ReachAnswer } from '../../src/sdk/types.ts'
import { connect, textOf } from './client.ts'
import { ConsoleSetting, IN_CHROMIUM as options } from './console-setting.ts'

let setting: ConsoleSetting
let page: Page

before(async () => {
  const started = await ConsoleSetting.start()
  if (started === undefined) return
  setting = started
  page = setting.page
})

after(() => setting?.close())

test('reach is a picture whose nodes lead on, and a list that says the same', options, async () => {
  // In the other theme it is looked at with all pages.
  await page.evaluate(() => localStorage.setItem('bailiwick-theme', 'dark'))
  await page.goto(setting.at('/console/agents/worker?tab=reach'))
  const picture = page.getByRole('figure', { name: 'What worker could reach' })
  await picture.getByRole('link', { name: /probe\/echo/ }).waitFor()
  await picture.getByText('workers-echo').waitFor()
  assert.deepEqual(await setting.seen('/agents-worker-reach', 'dark'), [])
  await page.evaluate(() => localStorage.setItem('bailiwick-theme', 'light'))
  const edges = await page.locator('.react-flow__edge').count()
  assert.ok(edges >= 3, `${edges} edges`)
  await page.getByText('permitted by').first().waitFor({ state: 'attached' })
  const node = page.getByRole('figure').getByRole('link', { name: /probe\/echo/ })
  await node.focus()
  await page.keyboard.press('Enter')
  await page.getByRole('heading', { name: /probe/ }).waitFor()
  assert.equal(new URL(page.url()).pathname, '/console/systems/probe')
})

test(
  'a reach too large for a picture stands in it by systems, and whole in the list',
  options,
  async () => {
    const answer = await page.evaluate(async () => {
      const body = JSON.stringify({ agent: 'worker' })
      const headers = { 'content-type': 'application/json' }
      return (await fetch('/v1/policies/reach', { method: 'POST', headers, body })).json()
    })
    const reach = answer as ReachAnswer
    const [one] = reach.actions
    const names = ['crm', 'hr', 'mail'].flatMap((system) =>
      Array.from({ length: 100 }, (_, at) => `${system}/action_${at}`),
    )
    const large: ReachAnswer = {
      ...reach,
      actions: names.map((action) => ({ ...one!, action })),
      nodes: [
        ...reach.nodes.filter(({ kind }) => kind !== 'action'),
        ...names.map((name) => ({ id: `action ${name}`, kind: 'action' as const })),
      ],
      edges: names.map((name) => ({
        from: 'policy workers-echo',
        to: `action ${name}`,
        kind: 'allows' as const,
        gated: false,
        limited: false,
      })),
    }
    await page.route('**/v1/policies/reach', (route) => route.fulfill({ json: large }))
    await page.goto(setting.at('/console/agents/worker?tab=reach'))
    const picture = page.getByRole('figure', { name: 'What worker could reach' })
    for (const system of ['crm', 'hr', 'mail']) {
      await picture.getByRole('link', { name: `${system}: 100 actions` }).waitFor()
    }
    assert.equal(await picture.locator('.react-flow__edge').count(), 3)
    await page.getByText('action_99').first().waitFor()
    await page.unrouteAll()
  },
)

test(
  'what a call would set off is a picture, of what is pinned and of what is not',
  options,
  async () => {
    const label = ['system', 'label', 'probe', '--trigger', 'echo=billing/run_cycle', '--yes']
    const { code, stderr } = await setting.bailiwick.cli(label)
    assert.equal(code, 0, stderr)
    await page.goto(setting.at('/console/systems'))
    const picture = page.getByRole('figure', { name: 'What sets off what' })
    await picture.getByText('billing/run_cycle').waitFor()
    await picture.getByText('not pinned: counts as every effect').waitFor()
    await page.getByText('probe/echo → billing/run_cycle').waitFor()
    assert.deepEqual(await setting.seen('/systems-effects', 'light'), [])
  },
)

test(
  'roles are changed, and what gives somebody a say waits in sight of everybody',
  options,
  async () => {
    const { bailiwick } = setting
    const out = `${bailiwick.home}/grace.json`
    const add = ['person', 'add', 'grace', '--role', 'viewer', '--out', out, '--yes']
    const { code, stdout, stderr } = await bailiwick.cli(add)
    assert.equal(code, 0, stdout + stderr)
    await page.goto(setting.at('/console/people'))
    const change = async (who: string, roles: string, why: string): Promise<void> => {
      await page.getByRole('row').filter({ hasText: who }).first().click()
      await page.getByRole('heading', { name: `Change ${who}` }).waitFor()
      await page.getByLabel('Roles that are given here').fill(roles)
      await page.getByLabel('Why').first().fill(why)
      await page.getByRole('button', { name: 'Change roles' }).click()
    }
    // Who is alone is taken at their word here; from then on there are two.
    await change('grace', 'viewer administrator', 'a second administrator')
    await page.getByRole('listitem').getByText('applied').waitFor()
    await change('operator', 'administrator operator auditor', 'a second pair of eyes')
    await page.getByText('It waits below for a second administrator').waitFor()
    await page.getByRole('heading', { name: 'Changes of who governs' }).waitFor()
    assert.deepEqual(await setting.seen('/people-change', 'light'), [])
    const waiting = page.getByRole('listitem').filter({ hasText: 'a second pair of eyes' })
    await waiting.getByLabel('Why').fill('not yet')
    await waiting.getByRole('button', { name: 'Refuse' }).click()
    await page
      .getByText(/withdrawn|refused/)
      .first()
      .waitFor()
  },
)

test('a request is passed on to somebody whom its gate names', options, async () => {
  const { bailiwick, holder } = setting
  const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
  const call = client.callTool({ name: 'echo', arguments: { text: 'pass this' } })
  const { id } = await bailiwick.held()
  await page.goto(setting.at(`/console/approvals?id=${id}`))
  await page.getByRole('tab', { name: 'Pass it on' }).click()
  await page.getByLabel('To', { exact: true }).selectOption('the owner')
  await page.getByLabel('Why').fill('their agent, their word')
  await page.getByRole('button', { name: 'Pass it on' }).click()
  const { stdout } = await bailiwick.cli(['approval', 'show', id, '-o', 'json'])
  const { gates } = JSON.parse(stdout) as { gates: { escalated: { to: string }[] }[] }
  assert.deepEqual(
    gates.flatMap(({ escalated }) => escalated.map(({ to }) => to)),
    ['the owner'],
  )
  // The owner is who is signed in: it still waits for them.
  await page.getByRole('tab', { name: 'This call' }).click()
  await page.getByLabel('Why').fill('it is mine')
  await page.getByRole('button', { name: 'Approve once' }).click()
  assert.equal(textOf(await call), 'pass this')
})

test(
  'agreeing for the whole task, on terms: the next call that fits them waits for nobody',
  options,
  async () => {
    const { bailiwick, holder } = setting
    const task = ['task', 'open', 'worker', '--intent', 'to say much', '--allow', 'probe/echo']
    const { code, stderr } = await bailiwick.cli(task)
    assert.equal(code, 0, stderr)
    const client = await connect(bailiwick, holder, 'probe', { era: '2025-11-25' })
    const say = async (text: string): Promise<string> =>
      textOf(await client.callTool({ name: 'echo', arguments: { text } }))
    const first = say('hold this')
    const { id } = await bailiwick.held()
    await page.goto(setting.at(`/console/approvals?id=${id}`))
    await page.getByRole('tab', { name: 'For the whole task' }).click()
    await page.getByLabel('Why').fill('all of it is harmless')
    await page.getByLabel('Calls in all').fill('2')
    await page.getByLabel('How far arguments may differ').fill('/text=anything')
    await page.getByRole('button', { name: 'Approve for the task' }).click()
    // What cannot be read is refused, and nothing is agreed to.
    await page.getByRole('alert').waitFor()
    await page.getByLabel('How far arguments may differ').fill('/text=*')
    assert.deepEqual(await setting.seen('/approvals-task', 'light'), [])
    await page.getByRole('button', { name: 'Approve for the task' }).click()
    assert.equal(await first, 'hold this')
    assert.equal(await say('hold that'), 'hold that')
    const third = say('hold more').catch(String)
    await bailiwick.held()
    const { code: locked } = await bailiwick.cli([
      'lock',
      'add',
      'agent',
      'worker',
      '--reason',
      'the test is over',
      '--yes',
    ])
    assert.equal(locked, 0)
    await third
    assert.deepEqual(
      setting.wrong.filter((one) => !one.includes('status of 400')),
      [],
    )
  },
)
