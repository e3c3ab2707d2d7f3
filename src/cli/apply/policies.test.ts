// Holds tests of policies in `apply`: the folder beside the documents, whole, compared, and once.

import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ControlCli } from '../../../test/fakes/control-cli.ts'

let cli: ControlCli
const folder = mkdtempSync(join(tmpdir(), 'bailiwick-gitops-'))

before(async () => {
  cli = await ControlCli.open()
  mkdirSync(join(folder, 'policies', 'deep'), { recursive: true })
  writeFileSync(
    join(folder, 'policies', 'deep', 'a.cedar'),
    '@id("all") permit (principal, action, resource);',
  )
  writeFileSync(join(folder, 'policies', 'a.test.yaml'), 'tests: []')
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cli.close()
})

test('policies beside the documents are shown, applied, and differ no more', async (t) => {
  const apply = (...more: string[]) => cli.run(t, ['--yes', 'apply', '-f', folder, ...more])
  const dry = await apply('--dry-run', '--exit-code')
  assert.deepEqual([dry.code, dry.out.includes('added:') && dry.out.includes('all')], [1, true])
  assert.match(dry.err, /apply\.differs/)
  assert.equal((await apply()).code, 0)
  const again = await apply('--dry-run', '--exit-code')
  assert.deepEqual([again.code, again.out], [0, 'nothing differs\n'])
})

test('policies that do not hold keep everything else from being applied', async (t) => {
  writeFileSync(join(folder, 'team.yaml'), 'kind: team\nname: crew\nmembers: [ada]\n')
  writeFileSync(
    join(folder, 'policies', 'b.cedar'),
    '@id("b") permit (principal in Rol::"x", action, resource);',
  )
  const refused = await cli.run(t, ['--yes', 'apply', '-f', folder])
  assert.equal(refused.code, 1)
  assert.match(refused.err, /b\.cedar:1:\d+/)
  assert.equal((await cli.run(t, ['team', 'show', 'crew'])).code, 1)
})

test('a file of another name says nothing of the policies beside it', async (t) => {
  const only = await cli.run(t, ['--yes', 'apply', '-f', join(folder, 'team.yaml')])
  assert.equal(only.code, 0, only.err)
})
