// Holds the tests of pages whose commands run: the README, and a first policy, from beginning to end.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { ROOT } from '../../scripts/source/tree.ts'
import { setUpDemo } from '../../src/cli/tour/demo.ts'
import { Bailiwick } from './bailiwick.ts'
import { Child, type Ended } from './child.ts'
import { blocksOf } from './markdown.ts'
import { marked, PAGES } from './pages.ts'

suite('README', () => {
  let bailiwick: Bailiwick

  before(async () => {
    bailiwick = await Bailiwick.start()
    await setUpDemo(bailiwick.control, bailiwick.home)
  })
  after(() => bailiwick[Symbol.asyncDispose]())

  /** Runs shell in this repository, as a reader does who says yes to everything. */
  async function run(script: string): Promise<Ended> {
    const yes = script.replaceAll('bin/bailiwick ', 'bin/bailiwick --yes ')
    const words = ['-e', '-c', `cd '${ROOT}'\n${yes}`]
    await using child = new Child(words, { BAILIWICK_HOME: bailiwick.home }, '/bin/sh')
    child.say('')
    return await child.ended
  }

  test('its blocks run in order, one after the other', async () => {
    const found = blocksOf(PAGES.get('README.md')!).filter(
      (block) => marked(block, 'run').length > 0,
    )
    assert.ok(found.length >= 5, `${found.length} blocks`)
    for (const block of found) {
      const { code, stderr } = await run(block.text)
      assert.equal(code, 0, `README.md:${block.line}: ${block.text}\n${stderr}`)
    }
  })

  test('a call that it says is denied ends with 3, and one that is held with 5', async () => {
    const call = (tool: string, json: string): Promise<Ended> =>
      run(`bin/bailiwick lock ls -o json | grep -o '"id": "[^"]*' | cut -d'"' -f4 |
        while read -r id; do bin/bailiwick lock rm "$id" --reason again; done
        bin/bailiwick call notes ${tool} --as my-agent --json '${json}'`)
    const denied = await call('add_note', '{"name":"diary","body":"hello"}')
    assert.match(denied.stderr, /notes that agents write are named note-/)
    assert.equal(denied.code, 3)
    assert.equal((await call('delete_note', '{"name":"note-1"}')).code, 5)
  })
})

suite('an incident', () => {
  let bailiwick: Bailiwick

  before(async () => {
    bailiwick = await Bailiwick.start()
    await setUpDemo(bailiwick.control, bailiwick.home)
  })
  after(() => bailiwick[Symbol.asyncDispose]())

  test('its blocks run in order', async () => {
    const page = 'docs/operate/investigate.md'
    const steps = blocksOf(PAGES.get(page)!).filter((block) => marked(block, 'step').length > 0)
    assert.ok(steps.length >= 5, `${steps.length} blocks`)
    for (const block of steps) {
      const environment = { BAILIWICK_HOME: bailiwick.home }
      const words = ['-e', '-c', `cd '${ROOT}'\n${block.text}`]
      await using child = new Child(words, environment, '/bin/sh')
      child.say('')
      const { code, stdout, stderr } = await child.ended
      assert.equal(code, 0, `${page}:${block.line}: ${block.text}\n${stdout}${stderr}`)
    }
  })
})

suite('a first policy', () => {
  let bailiwick: Bailiwick
  const folder = mkdtempSync(join(tmpdir(), 'bailiwick-first-policy-'))

  before(async () => {
    bailiwick = await Bailiwick.start()
    await setUpDemo(bailiwick.control, bailiwick.home)
  })
  after(async () => {
    rmSync(folder, { recursive: true, force: true })
    await bailiwick[Symbol.asyncDispose]()
  })

  test('its blocks run in order, and end as they say', async () => {
    const page = 'docs/operate/first-policy.md'
    const steps = blocksOf(PAGES.get(page)!).filter((block) => marked(block, 'step').length > 0)
    assert.ok(steps.length >= 8, `${steps.length} blocks`)
    for (const block of steps) {
      const yes = block.text.replaceAll('bin/bailiwick ', 'bin/bailiwick --yes ')
      const environment = { BAILIWICK_HOME: bailiwick.home, HOME: folder }
      await using child = new Child(['-e', '-c', `cd '${ROOT}'\n${yes}`], environment, '/bin/sh')
      child.say('')
      const { code, stdout, stderr } = await child.ended
      const expected = Number(marked(block, 'step')[0] || 0)
      assert.equal(code, expected, `${page}:${block.line}: ${block.text}\n${stdout}${stderr}`)
    }
  })
})
