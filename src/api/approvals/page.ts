// Holds the page of a held call: for reading only. No script, no form, no credential: an answer is typed by a person who proves who they are.

import { createHash } from 'node:crypto'
import { html, raw } from 'hono/html'
import { z } from 'zod'
import { Fault } from '../../std/fault.ts'
import type { JsonObject } from '../../std/json.ts'
import type { ApprovalSummary } from '../../wire/api/approval.ts'
import { Id } from '../../wire/api/text.ts'
import type { ControlPorts } from '../ports.ts'
import type { Surface } from '../serve.ts'
import { draw, inert } from './inert.ts'
import { shownApproval, shownArguments } from './shown.ts'

/** Characters of arguments that are shown. */
const MAX_ARGUMENTS = 20_000
/** Characters of any other text. */
const MAX_TEXT = 1_000
/** While it waits, the page is read anew. Seconds. */
const REFRESH_S = 15

const STYLE = `
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.3rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.3rem 1rem}
dt{opacity:.7}
dd{margin:0;overflow-wrap:anywhere}
pre{border:1px solid;border-radius:4px;padding:.7rem;overflow:auto;white-space:pre-wrap;overflow-wrap:anywhere;contain:paint}
footer{opacity:.7;font-size:.9rem}
`
const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64')
// One piece: a space that a formatter put inside the tag would change the hash.
const STYLE_TAG = raw(`<style>${STYLE}</style>`)

/** Headers of the page: nothing is loaded, nothing runs, nobody frames it, nothing is kept. */
const HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
}

type Fragment = ReturnType<typeof html>

function document(title: string, content: Fragment): Fragment {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>${title}</title>
        ${STYLE_TAG}
      </head>
      <body>
        ${content}
        <footer><p>This page shows what is asked and can change nothing.</p></footer>
      </body>
    </html>`
}

/** A stranger's text, inert and bounded. */
function said(text: string): string {
  const shown = inert(text.slice(0, MAX_TEXT).toWellFormed())
  return text.length > MAX_TEXT ? `${shown}… (cut: ${text.length} characters)` : shown
}

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
    const agreed = gate.agreed_by === undefined ? '' : ` (${said(gate.agreed_by)} agreed)`
    const words = `policy ${said(gate.policy)} asks for the role ${said(gate.name)}${why}${agreed}`
    return html`<p>${words}</p>`
  })
}

function commands(of: ApprovalSummary): Fragment {
  if (of.state !== 'pending') return html``
  return html`<h2>To answer, type one of these</h2>
    <pre>
bailiwick approval approve ${of.id} --reason '…'
bailiwick approval deny ${of.id} --reason '…'</pre>`
}

function input(tree: JsonObject | undefined): Fragment {
  if (tree === undefined) {
    return html`<p>The arguments are not kept once an approval has ended.</p>`
  }
  const { text, cut } = draw(tree, MAX_ARGUMENTS)
  return html`<pre>${text}</pre>
    ${cut ? html`<p>Cut after ${String(MAX_ARGUMENTS)} characters: the whole is shown by the command <code>bailiwick approval show</code>.</p>` : ''}`
}

function page(
  of: ApprovalSummary,
  tree: JsonObject | undefined,
  at: { readonly now: number; readonly expiresAt: number; readonly situation: string },
): Fragment {
  const waits = of.state === 'pending'
  return document(
    `Approval ${of.id}`,
    html`<h1>
        ${waits ? 'A call waits for a person' : `This call is no longer waiting: ${of.state}`}
      </h1>
      <dl>
        ${row('agent', said(of.agent))} ${row('instance', said(of.instance))}
        ${row('on behalf of', of.person === null ? 'nobody: it acts unattended' : said(of.person))}
        ${row('system', said(of.system))} ${row('action', said(of.action))}
        ${row('effects', of.effects.length === 0 ? 'unlabelled: it counts as every effect' : of.effects.join(', '))}
        ${row('held because', said(of.reason))} ${row('gates', html`${gates(of)}`)}
        ${row('asked', of.asked_at)}
        ${row('expires', waits ? `${of.expires_at}, in ${timeLeft(at.expiresAt - at.now)}` : of.expires_at)}
        ${of.answer === undefined ? '' : row('answer', `${said(of.answer)}${of.answered_by === undefined ? '' : `, by ${said(of.answered_by)}`}`)}
        ${row('deployment', said(at.situation))}
      </dl>
      <h2>Arguments</h2>
      ${input(tree)} ${commands(of)}`,
  )
}

/** Serves the page. Unknown, or no id at all: the same page says that there is nothing to see. */
export function serveApprovalPage(surface: Surface, ports: ControlPorts): void {
  const { approvals } = ports.authority
  surface.open(
    'GET /approvals/{id}',
    {
      summary: 'A held call as a page for people; carries no authority',
      params: z.strictObject({ id: z.string().max(64) }),
      answer: { media: 'text/html' },
    },
    async ({ params }) => {
      const approval = Id.safeParse(params.id).success
        ? await found(approvals.get(params.id))
        : undefined
      if (approval === undefined) {
        const nothing = document('No approval', html`<h1>There is no such approval</h1>`)
        return new Response(String(await nothing), { status: 404, headers: HEADERS })
      }
      const shown = shownApproval(ports, approval)
      const text = await page(shown, shownArguments(ports, approval, shown), {
        now: ports.clock.now(),
        expiresAt: approval.expiresAt,
        situation: ports.server.facts().situation,
      })
      const refresh = shown.state === 'pending' ? { refresh: String(REFRESH_S) } : {}
      return new Response(String(text), { headers: { ...HEADERS, ...refresh } })
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
