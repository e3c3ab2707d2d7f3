// Holds the use of an authorization code: every check of RFC 6749 §4.1.3, then a delegation, an instance and its tokens.

import type { Agreement, Codes } from './codes.ts'
import type { Families } from './families.ts'
import { narrowedResources, refused, type Granted, type Refused, type TokenAsk } from './granted.ts'
import { verifierFits } from './pkce.ts'
import type { ConsentPorts } from './ports.ts'

/** What a redemption works with. */
export interface RedeemParts {
  readonly ports: ConsentPorts
  readonly codes: Codes
  readonly families: Families
}

/** What the client sent with its code. */
export interface CodeAsk extends TokenAsk {
  readonly code: string
  readonly redirect?: string
  readonly verifier?: string
}

/**
 * Answers a code that was taken and is worth its agreement. Whatever does not fit uses it up all the same: who has a code and
 * not what belongs to it is not who it was given to. Delegation, instance and family are made in this order, so that a crash
 * leaves at most some that nobody has a token for, and that end with the day.
 */
export async function redeem(
  { ports, codes, families }: RedeemParts,
  agreement: Agreement,
  ask: CodeAsk,
): Promise<Granted | Refused> {
  // What comes first costs nothing; a client that has to show its key does so before anything is written.
  const wrong = mismatch(agreement, ask) ?? keyless(ports, agreement, ask) ?? gone(ports, agreement)
  if (wrong !== undefined) return wrong
  if (agreement.request.client.method !== 'none') ask.prove(agreement.request.client)
  const { id, request, person, agent } = agreement
  const audience = narrowedResources(request.resources, ask.resources)
  if (audience === undefined) {
    return refused('invalid_target', 'a resource is not one of the authorization request')
  }
  const client = request.client.id
  const receipt = await ports.audit.append({
    type: 'consent.redeemed',
    phase: 'lifecycle',
    person,
    agent,
    body: { consent: id, client },
  })
  await codes.mark(ask.code, agreement.expiresAt, receipt)
  return begun({ ports, families }, agreement, { ask, audience })
}

/** Makes what the person agreed to. What is there when something fails is ended again. */
async function begun(
  { ports, families }: Omit<RedeemParts, 'codes'>,
  { id, request, person, agent, scope, expiresAt }: Agreement,
  { ask, audience }: { readonly ask: CodeAsk; readonly audience: readonly string[] },
): Promise<Granted> {
  const client = request.client.id
  // What the person ticked is the task: no other instance works on it, and this one works on nothing else.
  const intent = `what ${new URL(client).host} was given by consent`
  const task = await ports.tasks.open({ agent, person, intent, scope, endsAt: expiresAt })
  const { id: delegation } = await ports.delegations
    .create({ person, agent, scope, task, expiresAt })
    .catch(async (error: unknown) => {
      await ports.tasks.cancel(task, 'no delegation came of it')
      throw error
    })
  let instance: string | undefined
  try {
    const attested = { attestor: 'consent' as const, selectors: [`consent:client:${client}`] }
    const enrolled = await ports.instances.enrolKeyless({ agent, delegation, attested })
    instance = enrolled.instance
    const lifeEnds = ports.instances.live(instance)?.lifeEnds ?? expiresAt
    const bound = ask.binding === undefined ? {} : { binding: ask.binding }
    const ends = Math.min(expiresAt, lifeEnds)
    const { text } = await families.begin(
      {
        id,
        instance,
        delegation,
        client,
        audience: request.resources,
        scope,
        ...bound,
        ...(request.client.method !== 'none' && { confidential: true as const }),
        expiresAt: ends,
      },
      { refreshes: request.client.refreshes, record: { person, agent, instance } },
    )
    const of = {
      instance,
      delegation,
      audience,
      scope,
      ...bound,
      family: id,
      client,
      notAfter: ends,
    }
    const token = await ports.tokens.issue(of)
    return { token, scope, ...(text !== undefined && { refresh: text }) }
  } catch (error) {
    const word = { by: '', reason: 'its tokens could not be issued' }
    if (instance !== undefined) await ports.instances.end(instance, word)
    await ports.delegations.revoke(delegation, word)
    throw error
  }
}

/** Why the code is not for who came with it; undefined where everything that it is bound to is there. */
function mismatch({ request, scope }: Agreement, ask: CodeAsk): Refused | undefined {
  if (ask.client !== request.client.id) {
    return refused('invalid_grant', 'the code was given to another client')
  }
  // OAuth 2.1 §10.2: the parameter is gone there, as PKCE does what it was for; where it is sent, it is the very same.
  if (ask.redirect !== undefined && ask.redirect !== request.redirect) {
    return refused('invalid_grant', 'the redirect URI is not that of the authorization request')
  }
  if (ask.verifier === undefined || !verifierFits(ask.verifier, request.challenge)) {
    return refused('invalid_grant', 'the code verifier is not the one behind the challenge')
  }
  if (ask.scope !== undefined && !ask.scope.split(' ').every((one) => scope.includes(one))) {
    return refused('invalid_scope', 'the scope was decided by the person')
  }
  return undefined
}

/** Why the key of the request does not do: the one that was promised is missing, or there is none and there has to be. */
function keyless(
  { settings }: ConsentPorts,
  { request }: Agreement,
  { binding }: CodeAsk,
): Refused | undefined {
  const { jkt, client } = request
  if (jkt !== undefined && (binding?.kind !== 'dpop' || binding.value !== jkt)) {
    return refused('invalid_dpop_proof', 'the DPoP proof is not by the key of dpop_jkt')
  }
  if (binding !== undefined) return undefined
  if (client.bound) return refused('invalid_dpop_proof', 'the client promised a DPoP proof')
  if (settings.unboundMs > 0) return undefined
  return refused(
    'invalid_dpop_proof',
    'a DPoP proof is needed: tokens bound to no key are off, BAILIWICK_UNBOUND_TOKENS_S turns them on',
  )
}

/** Why what the person agreed to cannot begin any more. */
function gone({ registry, clock }: ConsentPorts, agreement: Agreement): Refused | undefined {
  const agent = registry.agentOf(agreement.agent)
  const client = agreement.request.client.id
  const stands = agent?.state === 'active' && agent.clients?.includes(client) === true
  const here = registry.personOf(agreement.person) !== undefined
  if (stands && here && clock.now() < agreement.expiresAt) return undefined
  return refused('invalid_grant', 'what the person agreed to no longer holds')
}
