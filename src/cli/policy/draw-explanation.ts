// Holds explanations as people read them: the answer, each party with its policies clause by clause, and what would allow the call.

import type {
  ExplainAnswer,
  ExplainCallAnswer,
  ExplainedChange,
  ExplainedParty,
  ExplainedPolicy,
  Explanation,
} from '../../wire/api/explanation.ts'
import { when } from '../terminal/when.ts'
import type { Style } from '../terminal/paint.ts'
import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

const STYLES = { allow: 'green', hold: 'yellow', deny: 'red' } as const satisfies Readonly<
  Record<Explanation['answer'], Style>
>

const AFTER = { allow: 'allowed', hold: 'held', deny: 'still denied' } as const satisfies Readonly<
  Record<Explanation['answer'], string>
>

const RESULTS = {
  true: 'true   ',
  false: 'false  ',
  error: 'errs   ',
  unasked: '-      ',
} as const satisfies Readonly<Record<ExplainedPolicy['clauses'][number]['result'], string>>

function drawClause({
  kind,
  text,
  result,
  error,
  values,
}: ExplainedPolicy['clauses'][number]): string {
  const known = values.flatMap(({ path, value }) =>
    value === undefined ? [] : [`${path} = ${value}`],
  )
  const flat = text.replaceAll(/\s+/g, ' ')
  const more = [...known, ...(error === undefined ? [] : [error])].join('; ')
  return `      ${RESULTS[result]}${kind} ${visible(flat)}${more === '' ? '' : `   (${visible(more)})`}\n`
}

function drawPolicy(policy: ExplainedPolicy, surface: Surface): string {
  const { clauses, effect, file, id, line, words } = policy
  const place = surface.paint('dim', visible(`${file}:${line}`))
  const head = `  ${effect} ${surface.paint('bold', visible(id))}  ${place}\n`
  return `${head}    ${visible(words)}\n${clauses.map(drawClause).join('')}`
}

function drawParty(
  { answer, policies, principal, reason }: ExplainedParty,
  surface: Surface,
): string {
  const head = `${surface.paint(STYLES[answer], answer)}  ${visible(reason)}`
  const who = surface.paint('dim', visible(principal))
  return `\n${head}  ${who}\n${policies.map((one) => drawPolicy(one, surface)).join('')}`
}

/** What is needed of several parties at once. */
function drawTogether({ together }: Explanation, surface: Surface): string {
  if (together === undefined) return ''
  const lines = together.words.map((words) => `  ${visible(words)}\n`).join('')
  const came = surface.paint('dim', `(the call is then ${AFTER[together.after]})`)
  return `\n${surface.paint('bold', 'all of these together')}  ${came}\n${lines}`
}

/** Each change once, with everybody whose answer it turns. */
function drawChanges(changes: readonly ExplainedChange[], surface: Surface): string {
  const byWords = new Map<string, ExplainedChange[]>()
  for (const change of changes) {
    byWords.set(change.words, [...(byWords.get(change.words) ?? []), change])
  }
  const lines = [...byWords].map(([words, all]) => {
    const parties = [...new Set(all.map(({ party }) => party))].join(', ')
    const [{ after }] = all as [ExplainedChange]
    const came = after === undefined ? 'not tried' : `the call is then ${AFTER[after]}`
    return `  ${visible(words)}  ${surface.paint('dim', `(for the ${parties}; ${came})`)}\n`
  })
  if (lines.length === 0) return ''
  return `\n${surface.paint('bold', 'what would change it, the smallest first')}\n${lines.join('')}`
}

/** An explanation on a terminal. */
export function drawExplanation({ before, explanation }: ExplainAnswer, surface: Surface): string {
  const { advice, answer, changes, obligations = [], parties, reason } = explanation
  const warned = before
    .map((one) => `${surface.paint('yellow', 'before policy is asked:')} ${visible(one)}\n`)
    .join('')
  const head = `${surface.paint(STYLES[answer], answer)}: ${visible(reason)}\n`
  const asked = obligations.map((one) => `  ${visible(one)}\n`).join('')
  const told = advice.map((one) => `  ${visible(one)}\n`).join('')
  return [
    warned,
    head,
    ...parties.map((party) => drawParty(party, surface)),
    asked === '' ? '' : `\n${surface.paint('bold', 'what becomes of the answer')}\n${asked}`,
    drawChanges(changes, surface),
    drawTogether(explanation, surface),
    told === '' ? '' : `\n${surface.paint('bold', 'what the agent is told to do')}\n${told}`,
  ].join('')
}

/** The explanation of a call that was decided, under what became of it. */
export function drawDecided(
  { call, explanation }: ExplainCallAnswer,
  surface: Surface,
  now: number,
): string {
  const { answer, at, observed, record, refused, same_set: same } = call
  const went = observed ? ', and went on because the agent was observed' : ''
  const doubt = [
    ...(same
      ? []
      : [
          'the policies of then are not to be had, or systems were pinned anew: this is what is in force now',
        ]),
    ...(record === 'agrees' ? [] : ['what was kept of it is not what its records say']),
    ...(explanation.answer === answer
      ? []
      : [`decided again, the answer is ${explanation.answer}`]),
  ]
  const lines = [
    `decided ${when(at, now)}: ${surface.paint(STYLES[answer], answer)}${went}\n`,
    ...(refused === null ? [] : [`refused all the same: ${visible(refused)}\n`]),
    ...doubt.map((one) => `${surface.paint('yellow', 'note:')} ${one}\n`),
  ]
  return lines.join('') + drawExplanation({ before: [], explanation }, surface)
}
