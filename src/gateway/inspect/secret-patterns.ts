// Holds the search for secrets by their pattern: secretlint's rules, asked only about the parts of a text that could hold one.

import { createRequire } from 'node:module'
import type { Effort } from './effort.ts'
import { findPrivateKeys } from './private-key.ts'
import { Scanner, type Hit } from './scanner.ts'
import type { Span } from './span.ts'

/** What rules report to. The package's own types need packages that it does not bring. */
interface Context {
  readonly sharedOptions: object
  createTranslator(): () => { readonly message: string; readonly messageId: string }
  report(descriptor: { readonly range: readonly [number, number] }): void
  ignore(): void
}

/** What rules read. */
interface Source {
  readonly content: string
  readonly filePath: string | undefined
  readonly ext: string
  readonly contentType: 'text'
}

/** A rule of secretlint; `file` reports in the same turn. */
interface Rule {
  readonly meta: { readonly id: string }
  create(context: Context, options: object): { file?(source: Source): unknown }
}

const require = createRequire(import.meta.url)

/** What tokens begin with, by the rules of the preset; each is followed by at least `TOKEN` of what tokens are made of. */
const PREFIXES = new Scanner(
  `xoxb- xoxp- xapp- xoxa- xoxo- xoxr- sk-proj- sk-svcacct- sk-admin- T3BlbkFJ sk-ant-
   gsk_ hf_ lin_api_ ntn_ SG. shppa_ shpca_ shpat_ shpss_ sk_live_ sk_test_ rk_live_
   rk_test_ ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- glc_ glsa_ ops_ey hvs. hvb.
   hvr. vcp_ vci_ vca_ vcr_ vck_ dapi npm_ dckr_pat_ figd_ cfk_ cfut_ cfat_ tskey-
   _authToken= secret hooks.slack.com/ Hooks.Slack.com/ HOOKS.SLACK.COM/ SECRET Secret ://`.split(
    /\s+/,
  ),
)
const TOKEN = /[\w\-.+/=]{12}/y
/** A user with a password before a host (RFC 3986 §3.2.1). */
const USERINFO = /[^\s:/@]{0,256}:[^\s@/]{1,256}@/y
const AWS = /_?access_?key/iy
/** What a token goes on with: rules say where one begins, and not always where it ends. */
const GOES_ON = /[\w\-+/=.~%:]*/y

/** Characters before and after a beginning that rules are shown; GitHub's longest tokens are beyond. */
const BEFORE = 400
const AFTER = 1_600
const LONG_AFTER = 13_000
/** Characters that rules are shown at a time. */
const MOST = 65_536
/** What running every rule costs besides the characters that they are shown. */
const RUN = 100
/** What a beginning costs whose rule tries every length of what follows. */
const LONG = 4_000
/** What a candidate consists of where rules are not asked any more: all of it is taken to be secret. */
const CANDIDATE = /[^\s"'<>]{0,4096}/y
const LINE = /[^\n]{0,256}/y

/** Comments that turn rules off, which the text itself would then do; and files, which there are none of. */
const LEFT_OUT = ['@secretlint/secretlint-rule-filter-comments', '@secretlint/secretlint-rule-gcp']

/** Told of each range that a rule reports. Set for the one turn in which rules run. */
let report: (from: number, to: number) => void = () => undefined

const CONTEXT: Context = {
  sharedOptions: {},
  createTranslator: () => () => ({ message: '', messageId: '' }),
  report: ({ range }) => report(range[0], range[1]),
  ignore: () => undefined,
}

let rules: readonly ReturnType<Rule['create']>[] | undefined

/** The rules, loaded when the first text needs them. */
function loaded(): readonly ReturnType<Rule['create']>[] {
  rules ??= (
    require('@secretlint/secretlint-rule-preset-recommend') as { readonly rules: readonly Rule[] }
  ).rules
    .filter(({ meta }) => !LEFT_OUT.includes(meta.id))
    .map((rule) => rule.create(CONTEXT, {}))
  return rules
}

/** Runs every rule over one part; they report in the same turn. */
function lint(content: string, found: (from: number, to: number) => void): void {
  // The rule for npm looks for its tokens in files of that name only.
  const filePath = content.includes('_authToken=') ? '.npmrc' : undefined
  const source: Source = { content, filePath, ext: '', contentType: 'text' }
  report = found
  for (const rule of loaded()) void rule.file?.(source)
}

/** Where a secret could be, given the beginning of one; undefined: it is none. */
function window(text: string, at: number, length: number): readonly [number, number] | undefined {
  const begins = text.slice(at, at + length)
  const check = begins === '://' ? USERINFO : begins.toLowerCase() === 'secret' ? AWS : TOKEN
  check.lastIndex = check === TOKEN ? at : at + length
  if (!check.test(text)) return undefined
  return [Math.max(0, at - BEFORE), at + (begins === 'ghs_' ? LONG_AFTER : AFTER)]
}

/** A part of a text that rules are to be shown. */
interface Part {
  readonly from: number
  to: number
}

/** Adds where a text holds secrets by their pattern. What an ordinary text costs is one pass of a scanner. */
export function findSecrets(text: string, spans: Span[], effort: Effort): void {
  findPrivateKeys(text, spans)
  let part: Part | undefined
  for (let hit = PREFIXES.next(text, 0); hit !== undefined;) {
    const around = window(text, hit.at, hit.length)
    let onward = hit.at + 1
    if (around !== undefined && effort.left <= 0) {
      onward = endOf(text, hit)
      spans.push({ from: hit.at, to: onward, kind: 'secrets' })
    } else if (around !== undefined) {
      const [from, to] = around
      if (to - hit.at > AFTER) effort.left -= LONG
      if (part !== undefined && (from > part.to || part.to - part.from > MOST)) {
        show(text, part, spans, effort)
        part = undefined
      }
      part ??= { from, to }
      part.to = Math.min(text.length, Math.max(part.to, to))
    }
    hit = PREFIXES.next(text, onward)
  }
  if (part !== undefined) show(text, part, spans, effort)
}

function endOf(text: string, { at, length }: Hit): number {
  const run = text.slice(at, at + length).toLowerCase() === 'secret' ? LINE : CANDIDATE
  run.lastIndex = at
  return at + (run.exec(text)?.[0].length ?? length)
}

function show(text: string, { from, to }: Part, spans: Span[], effort: Effort): void {
  effort.left -= to - from + RUN
  lint(text.slice(from, to), (begin, end) => {
    GOES_ON.lastIndex = Math.min(from + end, text.length)
    const more = GOES_ON.exec(text)?.[0].length ?? 0
    spans.push({ from: from + begin, to: from + end + more, kind: 'secrets' })
  })
}
