// Holds how results of policy tests are drawn: failures as differences, and what no test reaches.

import type { Surface } from '../terminal/table.ts'
import { visible } from '../terminal/visible.ts'

/** One result as it is told; `-o json` has the same members. */
export interface ToldTrial {
  readonly name: string
  readonly file: string
  readonly line: number
  readonly ok: boolean
  readonly differences: readonly {
    readonly what: string
    readonly expected: string
    readonly got: string
  }[]
  readonly answer?: string
  readonly reason?: string
  readonly parties?: readonly string[]
}

/** How far tests reach, as the desk tells it. */
interface ToldCoverage {
  readonly policies: readonly {
    readonly id: string
    readonly file: string
    readonly line: number
    readonly determined: boolean
    readonly clauses: readonly {
      readonly kind: string
      readonly line: number
      readonly column: number
      readonly wasTrue: boolean
      readonly wasFalse: boolean
    }[]
  }[]
  readonly reached: number
  readonly of: number
}

/** A whole percentage, rounded down: 100 is all of it. */
export function percentOf({ reached, of }: { readonly reached: number; readonly of: number }) {
  return of === 0 ? 100 : Math.floor((100 * reached) / of)
}

/** One test: a line, and for a failure its differences and what every party said. */
export function drawTrial(trial: ToldTrial, surface: Surface): string {
  const { name, file, line, ok, differences, parties = [] } = trial
  const place = surface.paint('dim', visible(`${file}:${line}`))
  if (ok) return `${surface.paint('green', 'ok')}   ${visible(name)}  ${place}\n`
  const lines = [`${surface.paint('red', 'FAIL')} ${visible(name)}  ${place}`]
  for (const { what, expected, got } of differences) {
    lines.push(`  ${what}:`)
    lines.push(surface.paint('red', `    - ${visible(expected)}`))
    lines.push(surface.paint('green', `    + ${visible(got)}`))
  }
  for (const reason of parties) lines.push(`  ${visible(reason)}`)
  return `${lines.join('\n')}\n`
}

/** What no test reaches: policies always, clauses where they are asked for. */
export function drawCoverage(coverage: ToldCoverage, clauses: boolean, surface: Surface): string {
  const { reached, of, policies } = coverage
  const lines = [`coverage ${percentOf(coverage)} % (${reached} of ${of})`]
  for (const { id, file, line, determined, clauses: parts } of policies) {
    if (!determined) {
      lines.push(
        `  ${surface.paint('yellow', 'never determining:')} ${visible(`${id}  ${file}:${line}`)}`,
      )
    }
    if (!clauses) continue
    for (const part of parts) {
      const never = [part.wasTrue ? [] : 'true', part.wasFalse ? [] : 'false'].flat()
      if (never.length === 0) continue
      const place = `${file}:${part.line}:${part.column}`
      lines.push(
        `  ${surface.paint('yellow', `never ${never.join(' nor ')}:`)} ${visible(`${part.kind} of ${id}  ${place}`)}`,
      )
    }
  }
  return `${lines.join('\n')}\n`
}
