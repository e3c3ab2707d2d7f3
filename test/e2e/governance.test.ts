// Holds the test of governance as its users see it: a second administrator on the command line, and documents that wait for one.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Bailiwick } from './bailiwick.ts'

test('who governs changes by two: on the command line and by documents', async () => {
  await using bailiwick = await Bailiwick.start()
  const { home } = bailiwick
  const operator = join(home, 'operator.json')
  const mine = readFileSync(operator)
  const become = (credential: Buffer) => writeFileSync(operator, credential, { mode: 0o600 })
  const file = (name: string) => join(home, name)
  const add = (name: string, role: string) =>
    bailiwick.cli(['-o', 'json', 'person', 'add', name, '--role', role, '--out', file(name)])

  // Alone, and a home that does not wait: it is done, and stands in the record as that of one alone.
  const grace = await add('grace', 'administrator')
  assert.equal(grace.code, 0, grace.stderr)
  const waits = await add('finn', 'finance')
  assert.equal(waits.code, 5, waits.stderr)
  assert.match(waits.stderr, /governance\.proposed/)
  const text =
    'kind: team\nname: money\nmembers: [grace, operator]\n---\nkind: person\nname: grace\nroles: [administrator]\n'
  writeFileSync(file('team.yaml'), text)
  const applied = await bailiwick.cli(['-y', 'apply', '-f', file('team.yaml')])
  assert.equal(applied.code, 5, applied.stderr)
  assert.match(applied.stdout, /proposed: needs agreement: make the team money of /)

  become(readFileSync(file('grace')))
  const whoami = await bailiwick.cli(['whoami'])
  assert.match(whoami.stderr, /3 changes of who governs here that you have not seen/)
  const list = await bailiwick.cli(['-o', 'json', 'governance', 'ls'])
  const { changes } = JSON.parse(list.stdout) as { changes: { id: string; state: string }[] }
  const open = changes.filter(({ state }) => state === 'open')
  assert.equal(open.length, 2)
  for (const { id } of open) {
    const done = await bailiwick.cli(['-y', 'governance', 'agree', id, '--reason', 'yes'])
    assert.equal(done.code, 0, done.stderr)
    assert.match(done.stdout, /^applied: /)
  }
  // The file that was written when it was proposed is finn's credential now.
  become(readFileSync(file('finn')))
  const finn = JSON.parse((await bailiwick.cli(['-o', 'json', 'whoami'])).stdout) as {
    person: { roles: string[] }
  }
  assert.deepEqual(finn.person.roles, ['finance'])
  become(mine)
  assert.equal((await bailiwick.records('governance.applied')).length, 3)
})
