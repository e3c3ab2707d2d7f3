// Holds the search for secrets by their pattern: secretlint's rules, asked only about the parts of a text that could hold one.

import { createRequire } from 'node:module'
import { findPrivateKeys } from './private-key.ts'
import { Scanner } from './scanner.ts'
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

const PRESET = '@secretlint/secretlint-rule-preset-recommend'

/** What tokens begin with, by the rules of the preset; each is followed by at least `TOKEN` of what tokens are made of. */
const PREFIXES = new Scanner([
  ...['xoxb-', 'xoxp-', 'xapp-', 'xoxa-', 'xoxo-', 'xoxr-'],
  ...['sk-proj-', 'sk-svcacct-', 'sk-admin-', 'T3BlbkFJ', 'sk-ant-', 'gsk_', 'hf_', 'lin_api_'],
  ...['ntn_', 'SG.', 'shppa_', 'shpca_', 'shpat_', 'shpss_', 'sk_live_', 'sk_test_', 'rk_live_'],
  ...['rk_test_', 'ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_', 'github_pat_', 'glpat-', 'glc_', 'glsa_'],
  ...['ops_ey', 'hvs.', 'hvb.', 'hvr.', 'vcp_', 'vci_', 'vca_', 'vcr_', 'vck_', 'dapi', 'npm_'],
  ...['dckr_pat_', 'figd_', 'cfk_', 'cfut_', 'cfat_', 'tskey-', '_authToken=', 'secret'],
  ...['hooks.slack.com/', 'Hooks.Slack.com/', 'HOOKS.SLACK.COM/', 'SECRET', 'Secret'],
  '://',
])
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
/** Most characters of one text that rules are shown. What lies beyond is taken to be secret. */
const SHOWN = 262_144

/** Comments that turn rules off, which the text itself would then do; and files, which there are none of. */
const LEFT_OUT = ['@secretlint/secretlint-rule-filter-comments', '@secretlint/secretlint-rule-gcp']

let rules: readonly Rule[] | undefined

/** The rules, loaded when the first text needs them. */
function loaded(): readonly Rule[] {
  rules ??= (
    createRequire(import.meta.url)(PRESET) as { readonly rules: readonly Rule[] }
  ).rules.filter(({ meta }) => !LEFT_OUT.includes(meta.id))
  return rules
}

/** Loads the rules, where a pause on the path of the first call that needs them is not wanted. */
export function loadSecretPatterns(): void {
  loaded()
}

/** Runs every rule over one part; they report in the same turn. */
function lint(content: string, found: (from: number, to: number) => void): void {
  const context: Context = {
    sharedOptions: {},
    createTranslator: () => () => ({ message: '', messageId: '' }),
    report: ({ range }) => found(range[0], range[1]),
    ignore: () => undefined,
  }
  // The rule for npm looks for its tokens in files of that name only.
  const filePath = content.includes('_authToken=') ? '.npmrc' : undefined
  const source: Source = { content, filePath, ext: '', contentType: 'text' }
  for (const rule of loaded()) void rule.create(context, {}).file?.(source)
}

/** Where a secret could be, given the beginning of one; undefined: it is none. */
function window(text: string, at: number, length: number): readonly [number, number] | undefined {
  const begins = text.slice(at, at + length)
  const check = begins === '://' ? USERINFO : begins.toLowerCase() === 'secret' ? AWS : TOKEN
  check.lastIndex = check === TOKEN ? at : at + length
  if (!check.test(text)) return undefined
  return [Math.max(0, at - BEFORE), at + (begins === 'ghs_' ? LONG_AFTER : AFTER)]
}

/** Adds where a text holds secrets by their pattern. What an ordinary text costs is one pass of a scanner. */
export function findSecrets(text: string, spans: Span[]): void {
  findPrivateKeys(text, spans)
  let shown = 0
  let [from, to] = [0, 0]
  const show = (): void => {
    if (to <= from) return
    shown += to - from
    lint(text.slice(from, to), (begin, end) => {
      GOES_ON.lastIndex = Math.min(from + end, text.length)
      const more = GOES_ON.exec(text)?.[0].length ?? 0
      spans.push({ from: from + begin, to: from + end + more, kind: 'secrets' })
    })
  }
  for (let hit = PREFIXES.next(text, 0); hit !== undefined;) {
    const around = window(text, hit.at, hit.length)
    if (around !== undefined) {
      if (around[0] > to) {
        show()
        from = around[0]
      }
      to = Math.min(text.length, Math.max(to, around[1]))
      if (shown + (to - from) > SHOWN) {
        spans.push({ from, to: text.length, kind: 'secrets' })
        return
      }
    }
    hit = PREFIXES.next(text, hit.at + 1)
  }
  show()
}
