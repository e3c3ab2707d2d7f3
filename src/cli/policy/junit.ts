// Holds the results of policy tests as JUnit XML, which machines that build and test things read.

import type { ToldTrial } from './draw-test.ts'

/** Text inside XML 1.0: what it cannot hold at all is replaced. */
function escaped(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}

function caseOf({ name, file, line, ok, differences }: ToldTrial): string {
  const head = `    <testcase classname="${escaped(file)}" name="${escaped(name)}" line="${line}"`
  if (ok) return `${head}/>`
  const words = differences.map(
    ({ what, expected, got }) => `${what}: expected ${expected}, got ${got}`,
  )
  const failure = `      <failure message="${escaped(words[0] ?? '')}">${escaped(words.join('\n'))}</failure>`
  return `${head}>\n${failure}\n    </testcase>`
}

/** One suite of every test. */
export function junitOf(trials: readonly ToldTrial[]): string {
  const failures = trials.filter(({ ok }) => !ok).length
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<testsuites>',
    `  <testsuite name="bailiwick policy test" tests="${trials.length}" failures="${failures}">`,
    ...trials.map(caseOf),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}
