// Holds where segments are: in the spool's folder, and while a break-glass lasts in the folder that it names.

import { existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { readBreakGlass } from './break-glass.ts'
import { parseSegmentName, segmentName } from './segment.ts'

/**
 * The file of a segment: where it is, or where it would be. Where both folders have one of this number, that of the break-glass
 * counts: the other was being begun when its disk failed, and nothing in it was acknowledged.
 */
export function segmentPath(directory: string, segment: number): string {
  const name = segmentName(segment)
  const other = otherPlace(directory)
  const there = other !== undefined && existsSync(join(other, name))
  return join(there ? other : directory, name)
}

/** Numbers of the segments that are there, in order. */
export function presentSegments(directory: string): number[] {
  const other = otherPlace(directory)
  const names = [...readdirSync(directory), ...(other === undefined ? [] : readdirSync(other))]
  const numbers = new Set(names.map(parseSegmentName).filter((n) => n !== undefined))
  return [...numbers].sort((a, b) => a - b)
}

/** Removes a segment, wherever there is a file of its number. */
export function removeSegment(directory: string, segment: number): void {
  const name = segmentName(segment)
  const other = otherPlace(directory)
  if (other !== undefined) rmSync(join(other, name), { force: true })
  rmSync(join(directory, name), { force: true })
}

/** The folder of a break-glass that holds records still. It has to be there: its records are part of the one chain. */
function otherPlace(directory: string): string | undefined {
  return readBreakGlass(dirname(directory))?.folder
}
