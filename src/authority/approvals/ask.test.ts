// Holds tests of what an approval keeps of its call: arguments under the key of their person, and those of rows from before there was one.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { actorOf } from '../../../test/fakes/authority.ts'
import { FakeSubjects } from '../../../test/fakes/subjects.ts'
import { sealerOf } from '../../keys/sealer.ts'
import { base64url, utf8 } from '../../std/bytes.ts'
import { systemEntropy } from '../../std/entropy.ts'
import { openArguments, pending, type ApprovalAsk } from './ask.ts'

const PERSON = 'per_00000000-0000-7000-8000-000000000001'
const ASK: ApprovalAsk = {
  callDigest: 'hmac-sha256:x',
  call: 'call',
  actor: actorOf('bot', PERSON, PERSON),
  system: 'bank',
  action: 'pay',
  input: { to: 'carol' },
  effects: [],
  gates: [{ name: 'approver', policy: 'look' }],
  reason: 'somebody looks',
  definition: 'sha256:d',
  policySet: 'sha256:p',
  expiresAt: 1,
}

test('INV-7 held arguments open with the key of their person, and with nothing once that is gone', async () => {
  const subjects = new FakeSubjects()
  const old = sealerOf(systemEntropy.bytes(32), systemEntropy)
  await subjects.ready(PERSON)
  const approval = pending(ASK, 'id', 0, subjects)
  assert.equal(approval.subject, PERSON)
  assert.deepEqual({ ...openArguments(approval, { subjects, old }) }, { to: 'carol' })
  assert.equal(
    openArguments({ ...approval, id: 'other' }, { subjects: new FakeSubjects(), old }),
    undefined,
  )
  subjects.erase(PERSON)
  assert.equal(openArguments(approval, { subjects, old }), undefined)
})

test('arguments that were sealed before there were subjects still open', async () => {
  const subjects = new FakeSubjects()
  const old = sealerOf(systemEntropy.bytes(32), systemEntropy)
  await subjects.ready(PERSON)
  const { subject: _subject, ...rest } = pending(ASK, 'id', 0, subjects)
  const sealed = base64url(old.seal(utf8('{"to":"dave"}'), 'approval/id'))
  assert.deepEqual({ ...openArguments({ ...rest, sealed }, { subjects, old }) }, { to: 'dave' })
})
