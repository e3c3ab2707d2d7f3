// Holds identity over the real registry and delegations: enrolled, restarted, suspended, and rows changed by hand.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Identities } from '../../src/authority/identity/identities.ts'
import { Roots } from '../../src/authority/identity/roots.ts'
import type { Authority } from '../../src/authority/open.ts'
import { hex, sha256 } from '../../src/std/bytes.ts'
import { systemEntropy } from '../../src/std/entropy.ts'
import { readPem } from '../../src/std/pem.ts'
import { withAuthority, type AuthorityHome } from '../fakes/authority.ts'
import { fakeRequest, p256 } from '../fakes/identity.ts'

async function open(home: AuthorityHome, authority: Authority): Promise<Identities> {
  const { clock, timer, audit } = home
  const entropy = systemEntropy
  const onTrouble = (error: unknown): never => {
    throw error
  }
  const roots = await Roots.open({
    store: home.store,
    audit,
    clock,
    timer,
    entropy,
    onTrouble,
    keys: home.keys.roots,
    tokens: home.keys.tokens,
    trustDomain: 'bailiwick.test',
  })
  const { agents, people, delegations } = authority
  return Identities.open({
    store: home.store,
    audit,
    roots,
    registry: { agentOf: (name) => agents.get(name), personOf: (id) => people.get(id) },
    delegations,
    clock,
    timer,
    entropy,
    onTrouble,
  })
}

test('INV-13 an identity lives through a restart, and dies with its agent or with a row changed by hand', () =>
  withAuthority(async (home, first) => {
    let authority = first
    const person = await authority.people.create({ name: 'ada', roles: ['operator'] })
    await authority.agents.register(
      {
        name: 'mail-sorter',
        owner: person.id,
        purpose: 'sorts mail',
        roles: ['mail'],
        unattended: false,
      },
      { person: person.id },
    )
    let identities = await open(home, authority)
    const by = { agent: 'mail-sorter', person: person.id, by: person.id }
    const { token } = await identities.issueJoinToken(by)
    const issued = await identities.enrol({ token, csr: fakeRequest(p256()) })
    const at = hex(sha256(readPem('CERTIFICATE', issued.certificates)[0]!))
    const before = identities.actorOf(at)
    assert.equal(before?.delegation?.person, person.id)
    assert.deepEqual(before?.delegation?.personRoles, ['operator'])

    await identities.close()
    authority = await home.reopen()
    identities = await open(home, authority)
    assert.deepEqual(identities.actorOf(at), before)

    const why = { person: person.id, reason: 'on holiday' }
    await authority.agents.update('mail-sorter', { state: 'suspended' }, why)
    assert.equal(identities.actorOf(at), undefined)
    await authority.agents.update('mail-sorter', { state: 'active' }, why)
    assert.deepEqual(identities.actorOf(at), before)

    await identities.close()
    await home.editByHand(`update instances set doc = replace(doc, '"mail-sorter"', '"root"')`)
    authority = await home.reopen()
    identities = await open(home, authority)
    assert.equal(identities.actorOf(at), undefined, 'a row that does not verify is no authority')
    await identities.close()
  }))
