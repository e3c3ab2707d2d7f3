// Holds the part of an approval's page that answers: agreeing at a gate, to one call or for the task, and refusing.

import { html } from 'hono/html'
import { z } from 'zod'
import { MAX_COUNT, MAX_FOR_MS, type TaskTerms } from '../../wire/amendment.ts'
import type { ApprovalSummary } from '../../wire/api/approval.ts'
import { ForTask } from '../../wire/api/amendment.ts'
import { DetailedFault } from '../problem.ts'
import { termsOf } from '../amendments/shown.ts'
import type { Fragment } from '../page/page.ts'
import type { SignedIn } from '../session/session-of.ts'
import { inert } from '../../std/inert.ts'

/** Characters of any text but the arguments. */
const MAX_TEXT = 1_000

/** A stranger's text, inert and bounded. */
export function said(text: string): string {
  const shown = inert(text.slice(0, MAX_TEXT).toWellFormed())
  return text.length > MAX_TEXT ? `${shown}… (cut: ${text.length} characters)` : shown
}

/** What the form sends of agreeing for the task. */
export const ForTaskForm = {
  count: z.string().max(16).optional(),
  minutes: z.string().max(16).optional(),
  loosen: z.string().max(8_000).optional(),
}

/** The terms in a form. Throws `api.invalid`. */
export function formTerms(form: {
  readonly count?: string | undefined
  readonly minutes?: string | undefined
  readonly loosen?: string | undefined
}): TaskTerms {
  const { count, minutes, loosen = '' } = form
  const lines = loosen.split(/\r?\n/).map((line) => line.trim())
  const read = ForTask.safeParse({
    count: Number(count),
    for_s: Number(minutes) * 60,
    loosen: lines.filter((line) => line !== ''),
  })
  if (read.success) return termsOf(read.data)
  const issues = read.error.issues.map(({ path, message }) => ({
    path: `form.${path.join('.')}`,
    message,
  }))
  throw DetailedFault.invalid(issues)
}

/** How to answer: here for who is signed in and sees all of it, else by a command. */
export function answering(
  of: ApprovalSummary,
  signedIn: SignedIn | undefined,
  whole: boolean,
): Fragment {
  if (of.state !== 'pending') return html``
  if (signedIn === undefined) {
    return html`<h2>To answer</h2>
      <p>
        <a href="/login?return_to=${encodeURIComponent(`/approvals/${of.id}`)}">Sign in</a>, or type
        one of these:
      </p>
      ${commands(of)}`
  }
  const yours = of.gates.filter((gate) => gate.yours)
  const { csrf, person } = signedIn
  const hasPasskey = (person.passkeys ?? []).length > 0
  return html`<h2>Your answer</h2>
    <p id="state" role="status"></p>
    <p id="trouble" class="trouble" role="alert" hidden></p>
    ${whole ? yours.map((gate, i) => agreeing(of, gate, i, { csrf, hasPasskey })) : ''}
    ${whole ? yours.filter((gate) => gate.escalates_to.length > 0).map((gate, i) => passing(of, gate, i, csrf)) : ''}
    ${whole && yours.length === 0 ? html`<p>No gate of this call waits for you.</p>` : ''}
    <form method="post" action="/approvals/${of.id}">
      <input type="hidden" name="csrf" value="${csrf}" />
      <label for="reason">Why not? The agent is told, and it stands in the record.</label>
      <input id="reason" type="text" name="reason" maxlength="500" required autocomplete="off" />
      <div class="row">
        <button name="verdict" value="deny" class="bad">Deny</button>
      </div>
    </form>
    ${whole ? '' : commands(of)}`
}

/** Agreeing at one gate: two gates are two approvals. Nobody agrees here to what is not shown here. */
function agreeing(
  of: ApprovalSummary,
  gate: ApprovalSummary['gates'][number],
  place: number,
  { csrf, hasPasskey }: { readonly csrf: string; readonly hasPasskey: boolean },
): Fragment {
  const id = `because-${place}`
  const more = gate.missing > 1 ? ` It waits for ${gate.missing} people.` : ''
  const why = html`<label for="${id}">
      Why do you agree at the gate of ${said(gate.policy)}?${more} This stands in the record.
    </label>
    <input id="${id}" type="text" name="reason" maxlength="500" required autocomplete="off" />`
  if (gate.present && !hasPasskey) {
    return html`<p>
      The gate of ${said(gate.policy)} asks for a passkey.
      <a href="/account">Register one</a> first.
    </p>`
  }
  if (gate.present) {
    return html`<form class="present" data-approval="${of.id}" data-gate="${gate.policy}">
      ${why}
      <div class="row"><button disabled>Approve with a passkey</button></div>
      ${of.task === undefined ? '' : forTask(place, html`<button value="task" disabled>Approve for the task with a passkey</button>`)}
    </form>`
  }
  return html`<form method="post" action="/approvals/${of.id}">
    <input type="hidden" name="csrf" value="${csrf}" />
    <input type="hidden" name="gate" value="${gate.policy}" />
    ${why}
    <div class="row"><button name="verdict" value="approve">Approve</button></div>
    ${of.task === undefined ? '' : forTask(place, html`<button name="verdict" value="task">Approve for the task</button>`)}
  </form>`
}

/** Passing it on at one gate: whom they name agrees there alone from then on. */
function passing(
  of: ApprovalSummary,
  { policy, escalates_to: names }: ApprovalSummary['gates'][number],
  place: number,
  csrf: string,
): Fragment {
  const id = (name: string): string => `${name}-${place}`
  return html`<details>
    <summary>Pass it on at the gate of ${said(policy)}</summary>
    <form method="post" action="/approvals/${of.id}">
      <input type="hidden" name="csrf" value="${csrf}" />
      <input type="hidden" name="gate" value="${policy}" />
      <label for="${id('to')}">To whom? They alone agree there from then on.</label>
      <select id="${id('to')}" name="to">
        ${names.map((name) => html`<option>${name}</option>`)}
      </select>
      <label for="${id('pass')}">Why? It stands in the record.</label>
      <input
        id="${id('pass')}"
        type="text"
        name="reason"
        maxlength="500"
        required
        autocomplete="off"
      />
      <div class="row"><button name="verdict" value="escalate">Pass it on</button></div>
    </form>
  </details>`
}

/** Agreeing for the whole task: how often, how long, and how far arguments may differ. */
function forTask(place: number, button: Fragment): Fragment {
  const id = (name: string): string => `${name}-${place}`
  return html`<details>
    <summary>Approve for the whole task instead</summary>
    <p>
      Calls with these arguments go on without asking, this one among them. Any change of the
      policies or the action ends that.
    </p>
    <label for="${id('count')}">How many calls in all</label>
    <input
      id="${id('count')}"
      type="number"
      name="count"
      min="2"
      max="${String(MAX_COUNT)}"
      value="5"
    />
    <label for="${id('minutes')}">For how many minutes</label>
    <input
      id="${id('minutes')}"
      type="number"
      name="minutes"
      min="1"
      max="${String(MAX_FOR_MS / 60_000)}"
      value="60"
    />
    <label for="${id('loosen')}">
      Arguments that may differ, one a line: <code>/path&lt;=5000</code>, <code>/path=*</code> or
      <code>/path in ["a","b"]</code>
    </label>
    <textarea id="${id('loosen')}" name="loosen" rows="2" maxlength="8000"></textarea>
    <div class="row">${button}</div>
  </details>`
}

function commands(of: ApprovalSummary): Fragment {
  return html`<pre>
bailiwick approval approve ${of.id} --reason '…'
bailiwick approval deny ${of.id} --reason '…'</pre>`
}
