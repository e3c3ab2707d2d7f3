// Holds the page of what we claim of standards: every test that is named for a section of one, by standard.

import type { SourceFile } from '../source/tree.ts'
import { code, pageHead, table } from './markdown.ts'

/** Standards by the word with which the name of a test begins, in the order of the page. */
const STANDARDS: readonly (readonly [begins: RegExp, title: string])[] = [
  [/^SPIFFE-ID\b/, 'SPIFFE ID'],
  [/^X509-SVID\b/, 'SPIFFE X.509-SVID'],
  [/^JWT-SVID\b/, 'SPIFFE JWT-SVID'],
  [/^SPIFFE Bundle\b/, 'SPIFFE Trust Domain and Bundle'],
  [/^Workload (?:API|Endpoint)\b/, 'SPIFFE Workload API and Workload Endpoint'],
  [/^OAuth 2\.1\b/, 'OAuth 2.1 (draft)'],
  [/^RFC (\d+)\b/, 'RFC'],
  [/^SPIFFE client auth\b/, 'OAuth SPIFFE client authentication (draft)'],
  [/^CIMD\b/, 'OAuth client ID metadata document (draft)'],
  [/^OpenID\b/, 'OpenID Connect'],
  [/^AuthZEN 1\.0\b/, 'OpenID AuthZEN Authorization API 1.0'],
  [/^WebAuthn\b/, 'Web Authentication'],
  [/^MCP\b/, 'Model Context Protocol'],
  // The names of its documents stay in the row: they are what the sections are of.
  [/^(?:C2SP\b|(?=tlog-|signed-note))/, 'C2SP'],
]

const RFC_TITLES: Readonly<Record<string, string>> = {
  '2986': 'PKCS #10',
  '5280': 'X.509 certificates',
  '6749': 'OAuth 2.0',
  '6750': 'bearer tokens',
  '6962': 'Certificate Transparency',
  '7009': 'token revocation',
  '7515': 'JSON Web Signature',
  '7517': 'JSON Web Key',
  '7519': 'JSON Web Token',
  '7521': 'assertions',
  '7523': 'JWT client authentication',
  '7636': 'PKCE',
  '7638': 'JWK thumbprint',
  '7662': 'token introspection',
  '8252': 'native applications',
  '8414': 'authorization server metadata',
  '8693': 'token exchange',
  '8705': 'mutual TLS',
  '8707': 'resource indicators',
  '8725': 'JWT best current practice',
  '9068': 'JWT access tokens',
  '9110': 'HTTP semantics',
  '9207': 'issuer in responses',
  '9449': 'DPoP',
  '9457': 'problem details',
  '9700': 'OAuth security',
  '9728': 'protected resource metadata',
}

interface Claim {
  readonly standard: string
  readonly order: number
  readonly text: string
  readonly path: string
}

const ABOUT = `What we claim of a standard is tested, one test per requirement, and the test is named for the section. This page is made of
those names; what is not on it is not claimed. \`npm test\` runs all of them.
`

/** The page. */
export function conformancePage(tests: ReadonlyMap<string, SourceFile>): string {
  const claims = [...tests.values()].flatMap(claimsOf)
  const standards = [...new Map(claims.map(({ standard, order }) => [standard, order]))]
    .sort(([a, x], [b, y]) => x - y || a.localeCompare(b, 'en', { numeric: true }))
    .map(([standard]) => standard)
  const sections = standards.map((standard) => {
    const rows = claims
      .filter((claim) => claim.standard === standard)
      .sort((a, b) => a.text.localeCompare(b.text, 'en', { numeric: true }))
      .map(({ text, path }) => [text, code(path)])
    return `\n## ${standard}\n\n${table(['requirement', 'test'], rows)}`
  })
  return pageHead('Conformance', ABOUT) + sections.join('')
}

/** Names of tests that begin with a standard: the first argument of a call. */
function claimsOf({ path, tokens }: SourceFile): readonly Claim[] {
  return tokens.flatMap(({ kind, text }, at) => {
    const isName =
      kind === 'text' && tokens[at - 1]?.text === '(' && tokens[at - 2]?.kind === 'word'
    if (!isName || !text.includes('§')) return []
    const order = STANDARDS.findIndex(([begins]) => begins.test(text))
    const [begins, title] = STANDARDS[order] ?? []
    if (begins === undefined || title === undefined) return []
    const rfc = begins.exec(text)?.[1]
    const standard =
      rfc === undefined ? title : `RFC ${rfc}${rfc in RFC_TITLES ? `: ${RFC_TITLES[rfc]}` : ''}`
    const requirement = text.replace(begins, '').replace(/\\'/g, "'").trim()
    return [{ standard, order, text: requirement, path }]
  })
}
