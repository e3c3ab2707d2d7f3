// Holds `finding`: what detectors concluded, and closing what was looked at.

import type { Command } from 'commander'
import { Finding, FindingsAnswer } from '../wire/api/finding.ts'
import { because } from './because.ts'
import type { Context } from './context.ts'
import { table, type Surface } from './terminal/table.ts'
import { when } from './terminal/when.ts'

const SEVERITY_STYLE = { low: 'dim', medium: 'yellow', high: 'red', critical: 'red' } as const

function draw(findings: readonly Finding[], surface: Surface, now: number): string {
  return table(
    [{ title: 'FINDING', whole: true }, 'SEVERITY', 'RULE', 'AGENT', 'INSTANCE', 'WHEN', 'LOCKED'],
    findings.map((finding) => [
      finding.id,
      { text: finding.severity, style: SEVERITY_STYLE[finding.severity] },
      finding.rule,
      finding.agent ?? '',
      finding.instance ?? '',
      when(finding.at, now),
      finding.lock === null ? 'no' : 'yes',
    ]),
    surface,
  )
}

async function list(context: Context): Promise<void> {
  const answer = await (await context.control()).get('/v1/findings', FindingsAnswer)
  const { screen } = context
  screen.answer(answer, (surface) => draw(answer.findings, surface, screen.now))
}

async function close(
  context: Context,
  id: string,
  options: { readonly reason?: string },
): Promise<void> {
  const finding = await because(context, ['v1', 'findings', id, 'close'], options.reason, Finding)
  const { screen } = context
  screen.answer(finding, () => `closed ${finding.id}\n`)
  if (finding.lock !== null) {
    screen.say(`its lock stands: bailiwick lock rm ${finding.lock} --reason TEXT`)
  }
}

/** Adds the command. */
export function register(program: Command, context: Context): void {
  const finding = program.command('finding').description('findings: list, close')
  finding
    .command('ls')
    .description('list open findings, newest first')
    .action(() => list(context))
  finding
    .command('close <id>')
    .description('close a finding that you have looked at; its lock stays')
    .option('--reason <text>', 'what you found; stands in the record')
    .action((id: string, options: { reason?: string }) => close(context, id, options))
}
