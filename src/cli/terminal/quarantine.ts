// Holds how the difference between a system and its pin is shown: by tool and by field, with nothing hidden in it.

import type { QuarantineAnswer } from '../../wire/api/system.ts'
import { drawDifference } from '../connect/difference.ts'
import { drawSigns } from './sign.ts'
import type { Surface } from './table.ts'
import { visible } from './visible.ts'
import { when } from './when.ts'

const STYLES = { added: 'yellow', removed: 'red', changed: 'yellow' } as const

type Difference = QuarantineAnswer['differences'][number]

function drawField({ field, before, now }: Difference['fields'][number], surface: Surface): string {
  const head = `  ${surface.paint('bold', visible(field))}\n`
  if (before === null) return `${head}${indented(marked('+', now ?? '', surface))}`
  if (now === null) return `${head}${indented(marked('-', before, surface))}`
  return `${head}${indented(drawDifference(before, now, [], surface))}`
}

function marked(mark: '+' | '-', text: string, surface: Surface): string {
  const style = mark === '+' ? 'green' : 'red'
  return text
    .split('\n')
    .map((line) => `${surface.paint(style, visible(`${mark} ${line}`))}\n`)
    .join('')
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '    ')
}

function drawOne({ part, name, change, fields }: Difference, surface: Surface): string {
  const what = name === null ? part : `${part} ${name}`
  const head = `${surface.paint(STYLES[change], change)} ${visible(what)}\n`
  return [head, ...fields.map((field) => drawField(field, surface))].join('')
}

/** What stops while it waits, in one sentence. */
export function stopsText({
  whole,
  actions,
  prompts,
}: Pick<QuarantineAnswer, 'whole' | 'actions' | 'prompts'>): string {
  if (whole) return 'nothing of it goes on until somebody has looked'
  const names = [...actions, ...prompts.map((name) => `prompt ${name}`)]
  if (names.length === 0) return 'all of it goes on meanwhile'
  const more = names.length > 8 ? ` and ${names.length - 8} more` : ''
  return `these do not go on until somebody has looked: ${names.slice(0, 8).join(', ')}${more}`
}

/** The whole difference. */
export function drawQuarantine(answer: QuarantineAnswer, surface: Surface, now: number): string {
  const { system, fingerprint, since, differences, signs, breaks } = answer
  if (fingerprint === null) return `${visible(system)} shows what was pinned: nothing waits\n`
  const seen = since === null ? '' : `, first seen ${when(since, now)}`
  const broken = breaks.map(
    ({ file, line, column, message }) =>
      `${surface.paint('red', 'breaks a policy:')} ${visible(`${file}:${line}:${column}: ${message}`)}\n`,
  )
  return [
    `${surface.paint('bold', visible(system))} is not what was pinned${seen}\n`,
    `${visible(stopsText(answer))}\n\n`,
    ...differences.map((one) => `${drawOne(one, surface)}\n`),
    drawSigns(signs, surface),
    ...broken,
    `fingerprint ${fingerprint}\n`,
  ].join('')
}
