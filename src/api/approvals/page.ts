// Holds the page of a held call: for anybody who has its address to read, and for who is signed in to answer.

import { html } from 'hono/html'
import { z } from 'zod'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import { basisWords, UNUSUAL_WORDS } from '../../wire/unusual.ts'
import type { ApprovalSummary, Unusual } from '../../wire/api/approval.ts'
import { Id, Reason } from '../../wire/api/text.ts'
import { answering, formTerms, ForTaskForm, said } from './answering.ts'
import { page, type Fragment } from '../page/page.ts'
import { APPROVE_SCRIPT_PATH } from '../page/static.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { checkCsrf, sessionOf, type SignedIn } from '../session/session-of.ts'
import { withOwnCookies } from '../session/way-in.ts'
import { draw } from './draw.ts'
import { servePresence } from './presence.ts'
import { asksOf, noteLook, shownApproval, shownArguments, unusualOf } from './shown.ts'
import { situationNow } from './situation.ts'

/** Characters of arguments that are shown. */
const MAX_ARGUMENTS = 20_000
/** While it waits, the page is read anew. Seconds. */
const REFRESH_S = 15

function timeLeft(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`
}

function row(name: string, value: string | Fragment): Fragment {
  return html`<dt>${name}</dt>
    <dd>${value}</dd>`
}

function gates(of: ApprovalSummary): Fragment[] {
  return of.gates.map((gate) => {
    const why = gate.reason === undefined ? '' : `: ${said(gate.reason)}`
    const agreed =
      gate.agreed_by.length === 0
        ? ''
        : ` (agreed: ${said(gate.agreed_by.map(agreedBy).join(', '))})`
    const words = `policy ${said(gate.policy)} asks ${said(gate.asks)}${why}${agreed}`
    const passed = gate.escalated.map(({ to, by, reason }) => {
      return html`<p>passed on to ${said(to)} by ${said(by)}: ${said(reason)}</p>`
    })
    return html`<p>${words}</p>
      ${passed}`
  })
}

/** Somebody who agreed, and whether they looked. */
function agreedBy({
  name,
  read_ms,
  for_task,
}: ApprovalSummary['gates'][number]['agreed_by'][number]): string {
  const look = read_ms === null ? 'without a look' : `after ${Math.round(read_ms / 1000)} s`
  const task =
    for_task === undefined ? '' : `, for the task: ${for_task.count} calls, ${forWords(for_task)}`
  return `${name}, ${look}${task}`
}

function forWords({ for_s: seconds }: { readonly for_s: number }): string {
  return `${Math.round(seconds / 60)} min`
}

function input(drawn: ReturnType<typeof draw> | undefined): Fragment {
  if (drawn === undefined) {
    return html`<p>The arguments are not kept once an approval has ended.</p>`
  }
  const { text, cut } = drawn
  return html`<pre>${text}</pre>
    ${cut ? html`<p>Cut after ${String(MAX_ARGUMENTS)} characters: the whole is shown by the command <code>bailiwick approval show</code>.</p>` : ''}`
}

/** What is like nothing before, for who is signed in: it tells of other calls. */
function unusualParts(unusual: Unusual | null | undefined): Fragment {
  if (unusual === null || unusual === undefined) return html``
  const marks = unusual.marks.map(({ path, kind, before }) => {
    const words = `${UNUSUAL_WORDS[kind]} (${before})`
    return html`<li><code>${said(path)}</code> ${said(words)}</li>`
  })
  return html`<h2>Unusual</h2>
    ${
      marks.length === 0
        ? ''
        : html`<ul class="unusual">
            ${marks}
          </ul>`
    }
    <p>${unusual.marks.length === 0 ? 'Nothing: ' : ''}${basisWords(unusual)}.</p>`
}

interface Shown {
  readonly asks?: { readonly loosen: readonly string[]; readonly why: string }
  readonly unusual: Unusual | null | undefined
  readonly of: ApprovalSummary
  readonly tree: JsonObject | undefined
  readonly now: number
  readonly expiresAt: number
  readonly situation: string
  readonly signedIn: SignedIn | undefined
}

function body({ of, asks, tree, unusual, now, expiresAt, situation, signedIn }: Shown): Fragment {
  const waits = of.state === 'pending'
  const drawn = tree === undefined ? undefined : draw(tree, MAX_ARGUMENTS)
  const whose = of.person === null ? 'nobody: it acts unattended' : said(of.person)
  // What will happen comes first: it is read on phones.
  return html`<p class="lead">
      <strong>${said(of.agent)}</strong>
      ${of.ahead === undefined ? 'wants to call' : `asks ahead for ${String(of.ahead.count)} calls, within ${forWords(of.ahead)}, of`}
      <strong>${said(of.system)}/${said(of.action)}</strong>, on behalf of ${whose}.
    </p>
    ${waits && of.similar > 0 ? html`<p>${of.similar} more of this agent wait for the same. Each is a call of its own.</p>` : ''}
    <h2>Arguments</h2>
    ${input(drawn)} ${unusualParts(unusual)}
    <h2>Why it waits</h2>
    <dl>
      ${asks === undefined ? '' : row('the agent says', said(asks.why))}
      ${asks === undefined || asks.loosen.length === 0 ? '' : row('arguments may differ', said(asks.loosen.join(', ')))}
      ${row('held because', said(of.reason))} ${row('gates', html`${gates(of)}`)}
      ${row('effects', of.effects.length === 0 ? 'unlabelled: it counts as every effect' : of.effects.join(', '))}
      ${of.task === undefined ? '' : row('task', said(of.task.intent))}
      ${row('expires', waits ? `${of.expires_at}, in ${timeLeft(expiresAt - now)}` : of.expires_at)}
      ${of.answer === undefined ? '' : row('answer', `${said(of.answer)}${of.answered_by === undefined ? '' : `, by ${said(of.answered_by)}`}`)}
      ${row('instance', said(of.instance))} ${row('asked', of.asked_at)}
      ${row('deployment', said(situation))}
    </dl>
    ${answering(of, signedIn, drawn?.cut === false)}`
}

/** Serves the page and its answer. Unknown, or no id at all: the same page says that there is nothing to see. */
export function serveApprovalPage(surface: Surface, ports: ControlPorts): void {
  const { approvals } = ports.authority
  servePresence(surface, ports)
  const params = z.strictObject({ id: z.string().max(64) })
  surface.open(
    'GET /approvals/{id}',
    { summary: 'A held call as a page for people', params, answer: { media: 'text/html' } },
    async ({ request, params: { id } }) => {
      const again = withOwnCookies(request)
      if (again !== undefined) return again
      const approval = Id.safeParse(id).success ? await found(approvals.get(id)) : undefined
      if (approval === undefined) {
        const nothing = html`<p>It never was, or is long over.</p>`
        return page({ title: 'There is no such approval', status: 404, inert: true, body: nothing })
      }
      const signedIn = sessionOf(ports.authority, request)
      const of = shownApproval(ports, approval, signedIn?.person.id)
      const waits = of.state === 'pending'
      const tree = shownArguments(ports, approval, of)
      if (signedIn !== undefined) noteLook(ports, approval, signedIn.person.id, tree)
      return page({
        title: waits ? 'A call waits for a person' : `This call is no longer waiting: ${of.state}`,
        inert: signedIn === undefined,
        // Agreeing with a passkey takes a script; nothing else here does.
        ...(of.gates.some(({ present, yours }) => present && yours) && {
          scripts: [APPROVE_SCRIPT_PATH],
        }),
        ...(signedIn !== undefined && {
          person: { name: signedIn.person.name, csrf: signedIn.csrf },
        }),
        body: body({
          of,
          tree,
          ...asksOf(ports, approval),
          unusual: signedIn && (await unusualOf(ports, approval, tree)),
          now: ports.clock.now(),
          expiresAt: approval.expiresAt,
          situation: situationNow(ports, approval.instance),
          signedIn,
        }),
        // Not while somebody may be writing their reason.
        ...(waits && signedIn === undefined && { headers: { refresh: String(REFRESH_S) } }),
      })
    },
  )
  serveAnswer(surface, ports)
}

function serveAnswer(surface: Surface, ports: ControlPorts): void {
  const { approvals } = ports.authority
  surface.signedIn(
    'POST /approvals/{id}',
    {
      summary: 'A person’s answer, from the page of a held call',
      params: z.strictObject({ id: Id }),
      form: z.strictObject({
        csrf: z.string(),
        reason: Reason,
        verdict: z.enum(['approve', 'task', 'deny', 'escalate']),
        to: z.string().max(128).optional(),
        gate: z.string().max(128).optional(),
        ...ForTaskForm,
      }),
      answer: { media: 'text/html' },
    },
    async ({ signedIn, params: { id }, form }) => {
      checkCsrf(signedIn, form.csrf)
      const { gate, reason, verdict } = form
      const word = { person: signedIn.person.id, reason }
      if (verdict === 'deny') await approvals.deny(id, word)
      else if (verdict === 'escalate') {
        const at = gate === undefined ? {} : { gate }
        await approvals.escalate(id, { ...word, ...at, to: form.to ?? '' })
      } else {
        const terms = verdict === 'task' ? { forTask: formTerms(form) } : {}
        await approvals.approve(id, { ...word, ...terms, ...(gate !== undefined && { gate }) })
      }
      return new Response(null, { status: 303, headers: { location: `/approvals/${id}` } })
    },
  )
}

async function found<T>(approval: Promise<T>): Promise<T | undefined> {
  try {
    return await approval
  } catch (error) {
    if (error instanceof Fault && error.code === 'approval.unknown') return undefined
    throw error
  }
}
