// Holds how a stretch of time is shown in its order: one record a line, and the gaps between them.

import type { AuditReplay, ReplayGap } from '../../wire/api/story.ts'
import { entryText } from './record.ts'
import type { Surface } from './table.ts'
import { visible } from './visible.ts'

type Line = AuditReplay['lines'][number]

const WHY: Readonly<Record<ReplayGap['why'], string>> = {
  stopped: 'was stopped in order',
  ended: 'ended without a word',
  silent: 'said nothing, not even a heartbeat',
  missing: 'has records that are not here',
}

/** One line of a replay, with the time to the millisecond. */
export function replayLine(line: Line, surface: Surface): string {
  if (line.kind === 'gap') return gapLine(line.gap, surface)
  const { entry } = line
  return `${surface.paint('dim', entry.record.ts)}  ${entryText(entry, surface)}`
}

function gapLine({ count, from, gateway, to, why }: ReplayGap, surface: Surface): string {
  const missing = count === undefined ? '' : ` (${count})`
  const seconds = ((Date.parse(to) - Date.parse(from)) / 1_000).toFixed(1)
  const text = `gap of ${seconds} s: gateway ${visible(gateway)} ${WHY[why]}${missing}`
  return `${surface.paint('dim', from)}  ${surface.paint(why === 'stopped' ? 'yellow' : 'red', `── ${text} ──`)}`
}
