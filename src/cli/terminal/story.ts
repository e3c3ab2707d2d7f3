// Holds how one call is shown as a story: who, set off by what, under which authority, what went out, came back and followed.

import type { AuditCallStory, CallStory } from '../../wire/api/story.ts'
import { drawEntries } from './record.ts'
import type { Style } from './paint.ts'
import { fields, type Cell, type Surface } from './table.ts'
import { when } from './when.ts'

type Row = readonly [label: string, value: Cell | undefined]

/** The story of a call, and its records one a line. */
export function drawStory(call: AuditCallStory, surface: Surface, now: number): string {
  const { story } = call
  const rows: Row[] = [
    ['call', call.call],
    ['when', when(call.summary.started_at, now)],
    ...whoRows(story),
    ...triggerRows(story),
    ...authorityRows(story),
    ...decisionRows(story, call.call),
    ...approvalRows(story),
    ...sentRows(story),
    ...backRows(story, call.summary.status),
    ['took', took(story.timings)],
    ...followedRows(story),
    ...proofRows(story),
  ]
  return `${fields(rows, surface)}\n${drawEntries(call.records, surface, now)}`
}

function named(person: CallStory['who']['person']): string {
  return person === null ? 'nobody' : (person.name ?? person.id)
}

/** Parts that are there, one after the other. */
function list(parts: readonly (string | null | undefined | false)[], between = ', '): string {
  return parts.filter((part) => typeof part === 'string' && part !== '').join(between)
}

/** Rows of one label, which stands at the first of them alone. */
function rowsOf(label: string, values: readonly Cell[]): Row[] {
  return values.map((value, at) => [at === 0 ? label : '', value])
}

function whoRows({ who }: CallStory): Row[] {
  const { claimed, credential } = who
  const unbound = credential?.binding === 'none'
  const by =
    credential &&
    list([`${credential.kind} ${credential.id}`, unbound ? 'bound to no key' : credential.binding])
  const chain = [...who.chain.map(({ agent, instance }) => `${agent} (${instance})`), who.agent]
  const said = list([
    claimed.client,
    claimed.model !== null && `model ${claimed.model}`,
    claimed.request !== null && `request ${claimed.request}`,
  ])
  return [
    ['agent', `${who.agent ?? 'unknown'} for ${named(who.person)}`],
    ['instance', list([who.spiffe_id ?? who.instance, who.district && 'in a district'])],
    ['through', who.chain.length === 0 ? undefined : list(chain, ' → ')],
    ['credential', by === null || by === '' ? undefined : by],
    [
      'by way of',
      list([who.protocol, who.session !== null && `session ${who.session}`]) || undefined,
    ],
    ['model', who.model === null ? undefined : `${who.model} (attested)`],
    ['it says', said === '' ? undefined : said],
  ]
}

function triggerRows({ triggers }: CallStory): Row[] {
  if (triggers.length === 0) return [['set off by', 'nothing that was seen or said']]
  const values = triggers.map(({ by, how, ...rest }): Cell => {
    const facts = Object.entries(rest).flatMap(([name, value]) =>
      typeof value === 'string' ? [`${name} ${value}`] : [],
    )
    // A claim to an answer that nobody gave it is worth a second look.
    const unseen = rest['seen'] === false && 'which we did not give it'
    const text = `${by}, ${how}: ${list([...facts, unseen])}`.replace(/: $/, '')
    return how === 'claimed' ? { text, style: 'yellow' } : text
  })
  return rowsOf('set off by', values)
}

function authorityRows({ authority }: CallStory): Row[] {
  const { delegation, parties, policy_set: set, task } = authority
  return [
    ['task', task ?? undefined],
    ['delegation', delegation ?? undefined],
    ...rowsOf(
      'policies',
      parties.map(
        (party) =>
          `${party.party} ${party.answer}: ${
            list([
              party.policies.join(', '),
              party.errors.length > 0 && `errors in ${party.errors.join(', ')}`,
            ]) || party.reason
          }`,
      ),
    ),
    ['set', set ?? undefined],
  ]
}

const ANSWERS: Readonly<Record<string, Style>> = { allow: 'green', deny: 'red', hold: 'yellow' }

function decisionRows({ authority, decision }: CallStory, call: string): Row[] {
  const { again, answer, because, code, observed, reason } = decision
  const text = list(
    [
      answer ?? 'none recorded',
      code,
      reason,
      because,
      observed && 'policy would have denied it: the agent is observed',
      again && 'decided once more before it went out',
      authority.set_aside.length > 0 && `set aside: ${authority.set_aside.join(', ')}`,
    ],
    ' · ',
  )
  const style = ANSWERS[answer ?? '']
  // Of what was allowed, the parties above are the whole answer.
  const asked = answer !== 'allow' && authority.parties.length > 0
  return [
    ['decision', style === undefined ? text : { text, style }],
    ['why', asked ? `bailiwick policy explain --call ${call}` : undefined],
  ]
}

function approvalRows({ approval }: CallStory): Row[] {
  if (approval === null) return []
  const said = approval.said.map(
    ({ at, person, what }) => `${at}  ${what}${person === null ? '' : ` by ${named(person)}`}`,
  )
  return rowsOf('approval', [
    `${approval.requested_at}  asked for ${approval.gates.join(', ')} (${approval.id})`,
    ...said,
    ...(approval.consumed_at === null ? [] : [`${approval.consumed_at}  used up by this call`]),
  ])
}

function sentRows({ sent }: CallStory): Row[] {
  if (sent === null) return [['went out', 'nothing']]
  const { upstream } = sent
  const to = upstream && list([upstream.address, `${upstream.kind} over ${upstream.transport}`])
  return [
    ...rowsOf('went out', [
      list([sent.at, to, sent.bytes !== null && `${sent.bytes} bytes`], '  '),
      list([sent.arguments !== null && `arguments ${sent.arguments}`]),
      list([
        sent.effects.length > 0 && `effects ${sent.effects.join(' ')}`,
        sent.credentials.length > 0 && `with ${sent.credentials.join(', ')}`,
      ]),
    ]).filter(([, value]) => value !== ''),
    [
      'trace',
      sent.trace === null
        ? undefined
        : list([
            sent.trace,
            `span ${sent.span ?? 'none'}`,
            sent.parent_span !== null && `within ${sent.parent_span}, as its caller said`,
          ]),
    ],
  ]
}

function backRows({ came_back: back }: CallStory, status: string | null): Row[] {
  if (back === null) return [['came back', status === null ? 'nothing yet' : 'nothing']]
  const out = Object.entries(back.inspected).map(([kind, count]) => `${count} ${kind}`)
  const head = list(
    [
      back.at,
      list([back.status, back.code, back.reason], ' · '),
      back.bytes !== null && `${back.bytes} bytes`,
      back.executed !== null && back.executed !== 'yes' && `executed: ${back.executed}`,
    ],
    '  ',
  )
  const facts = list([
    back.labels.length > 0 && `labels ${back.labels.join(' ')}`,
    out.length > 0 && `inspection found ${out.join(', ')}`,
  ])
  return rowsOf('came back', [
    back.status === 'ok' ? { text: head, style: 'green' } : { text: head, style: 'yellow' },
    ...(back.result === null ? [] : [`result ${back.result}`]),
    ...(facts === '' ? [] : [facts]),
  ])
}

/** `decide 0.4 ms · upstream 12.0 ms · total 14.1 ms`. */
function took(timings: CallStory['timings']): string | undefined {
  const parts = ['decide', 'wait', 'record', 'equip', 'upstream', 'inspect', 'total'].flatMap(
    (part) => {
      const us = timings[`${part}_us`]
      return us === undefined ? [] : [`${part} ${(us / 1_000).toFixed(1)} ms`]
    },
  )
  return parts.length === 0 ? undefined : parts.join(' · ')
}

function followedRows({ followed }: CallStory): Row[] {
  const more = followed.complete ? [] : ['and perhaps more: not all of the log was looked at']
  const items = followed.items.map(
    ({ at, id, kind, what, why }) => `${at}  ${kind} ${id}: ${what} (${why})`,
  )
  const none =
    followed.items.length === 0 && followed.complete
      ? ['nothing yet, or nothing within an hour']
      : []
  return rowsOf('followed', [...items, ...none, ...more])
}

function proofRows({ proof }: CallStory): Row[] {
  const values = proof.map(({ index, leaf, leaf_index: at, published, shard, type }) =>
    list(
      [
        `${type} is record ${index}`,
        `leaf ${at} of ${shard === '' ? 'the log' : shard}`,
        leaf,
        !published && 'no checkpoint covers it yet',
      ],
      ', ',
    ),
  )
  return rowsOf('proof', values)
}
