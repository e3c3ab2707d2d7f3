// Holds what a spool segment is: its name, its header, and positions in the chain of segments.

import { crc32 } from 'node:zlib'

import { utf8 } from '../std/bytes.ts'
import { canonicalJson, isObject, parseJson, type Json } from '../std/json.ts'

/** Bytes of a segment before its first batch. */
export const SEGMENT_HEAD = 4096
/** Bytes of the smallest segment: the largest record fits, and the largest chunk of small ones. */
export const SEGMENT_LEAST = 131_072

/** A place between two batches of the spool. */
export interface Position {
  /** Number of the segment, from 1. */
  readonly segment: number
  /** Bytes from the start of its file. */
  readonly offset: number
}

/** How the segment before ended; everything behind `end` in it was never acknowledged and is no part of the spool. */
export interface SegmentEnd {
  readonly segment: number
  readonly end: number
  /** Leaf hash (base64url) of its last record; empty where it held none. */
  readonly last: string
}

/** Who wrote a segment, and what it continues. */
export interface SegmentHead {
  readonly gateway: string
  readonly boot: string
  readonly segment: number
  /** Key id of the log key that will sign what is in it. */
  readonly key: string
  /** Absent in the first segment of a home. */
  readonly previous?: SegmentEnd
}

const MAGIC = Buffer.from('BLWSPL1\n', 'latin1')

/** File name of a segment: its number in ten digits. */
export function segmentName(segment: number): string {
  return `${String(segment).padStart(10, '0')}.seg`
}

/** The number in a segment's file name; undefined for every other file. */
export function parseSegmentName(name: string): number | undefined {
  const match = /^(\d{10})\.seg$/.exec(name)
  const segment = Number(match?.[1])
  return match !== null && segment > 0 ? segment : undefined
}

/** Order of two positions: negative where `a` comes first. */
export function comparePositions(a: Position, b: Position): number {
  return a.segment - b.segment || a.offset - b.offset
}

/** The header: magic, `u32 length | u32 crc32`, canonical JSON, zeros. */
export function encodeSegmentHead(head: SegmentHead): Uint8Array {
  const { previous, ...rest } = head
  const json: Json = {
    v: 1,
    ...rest,
    ...(previous === undefined ? {} : { previous: { ...previous } }),
  }
  const text = utf8(canonicalJson(json))
  const bytes = Buffer.alloc(SEGMENT_HEAD)
  bytes.set(MAGIC)
  bytes.writeUInt32BE(text.length, 8)
  bytes.writeUInt32BE(crc32(text), 12)
  bytes.set(text, 16)
  return bytes
}

/** Reads a header; undefined unless it is whole. */
export function decodeSegmentHead(bytes: Buffer): SegmentHead | undefined {
  if (bytes.length < SEGMENT_HEAD || !bytes.subarray(0, 8).equals(MAGIC)) return undefined
  const end = 16 + bytes.readUInt32BE(8)
  if (end > SEGMENT_HEAD) return undefined
  const text = bytes.subarray(16, end)
  if (crc32(text) !== bytes.readUInt32BE(12)) return undefined
  const json = parseJson(text)
  if (!isObject(json)) return undefined
  const { gateway, boot, segment, key, previous } = json
  if (typeof gateway !== 'string' || typeof boot !== 'string' || typeof key !== 'string')
    return undefined
  if (typeof segment !== 'number') return undefined
  const head = { gateway, boot, segment, key }
  return previous === undefined ? head : withPrevious(head, previous)
}

function withPrevious(head: SegmentHead, previous: Json): SegmentHead | undefined {
  if (!isObject(previous)) return undefined
  const { segment, end, last } = previous
  if (typeof segment !== 'number' || typeof end !== 'number' || typeof last !== 'string') {
    return undefined
  }
  return { ...head, previous: { segment, end, last } }
}
