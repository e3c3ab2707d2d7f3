// Holds tests of what hangs on attestation: distrust that reaches instances at the start and at once, and the answer to a join race.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeClock } from '../../test/fakes/clock.ts'
import { AuthorityHome } from '../../test/fakes/authority.ts'
import type { LiveInstance } from '../authority/identity/view.ts'
import type { Observation } from '../wire/observation.ts'
import { answerJoinRace, endWithSources } from './attest.ts'

const INSTANCE = '019a5a6e-3c00-7000-8000-000000000001'
const BY = { person: 'per_1', reason: 'is tested' }
const CI = {
  name: 'ci',
  kind: 'attest-oidc',
  issuer: 'https://ci.example',
  audience: 'us',
} as const

function instance(id: string, source: string | undefined, createdAt: number): LiveInstance {
  const attested = { attestor: 'oidc', selectors: [], at: createdAt } as const
  return {
    id,
    agent: 'bot',
    spiffeId: '',
    createdAt,
    lifeEnds: createdAt + 1,
    attested: source === undefined ? attested : { ...attested, source },
    certificates: new Map(),
  }
}

test('instances end with their source: at once, and at the start where a crash came first', async () => {
  const home = new AuthorityHome()
  try {
    const authority = await home.open()
    const source = await authority.trust.add(CI, BY)
    const at = source.createdAt
    const live = [
      instance('of a source that is trusted', 'ci', at),
      instance('of one that was of that name before', 'ci', at - 1),
      instance('of one that is trusted no more', 'gone', at),
      instance('of none', undefined, at),
      instance('of this machine', '', at),
    ]
    const ended: string[] = []
    const endWhere = (picked: (one: LiveInstance) => boolean): void => {
      ended.push(...live.filter(picked).map(({ id }) => id))
    }
    const stop = endWithSources({ authority, identities: { endWhere } })
    assert.deepEqual(ended.splice(0), [
      'of one that was of that name before',
      'of one that is trusted no more',
    ])
    live.splice(1, 2)
    await authority.trust.remove('ci', BY)
    assert.deepEqual(ended.splice(0), ['of a source that is trusted'])
    stop()
  } finally {
    await home.dispose()
  }
})

test('a join race locks whoever was first, once, where the setting says so, and is seen in any case', async () => {
  const home = new AuthorityHome()
  try {
    const authority = await home.open()
    const seen: Observation[] = []
    const race = (lockOn: 'replays' | 'none', live = true) =>
      answerJoinRace(
        {
          authority,
          lockOn,
          identities: { live: () => (live ? instance(INSTANCE, undefined, 0) : undefined) },
          clock: new FakeClock(),
          observe: (one) => seen.push(one),
        },
        { instance: INSTANCE, agent: 'bot' },
      )
    await race('replays', false)
    assert.deepEqual([authority.locks.list(), seen], [[], []], 'nobody is left to be locked')
    await race('none')
    assert.deepEqual([authority.locks.list(), seen.length], [[], 1])
    await race('replays')
    await race('replays')
    const locks = authority.locks.list()
    assert.deepEqual(
      locks.map(({ target, person }) => [target.kind, target.name, person]),
      [['instance', INSTANCE, '']],
    )
    assert.deepEqual(
      seen.map(({ kind }) => kind),
      ['join-token-reused', 'join-token-reused', 'join-token-reused'],
    )
  } finally {
    await home.dispose()
  }
})
