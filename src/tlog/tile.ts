// Holds the names of tiles: where each run of up to 256 hashes or entries is kept (C2SP tlog-tiles).

/** Hashes, or entries, of a full tile. */
export const TILE_WIDTH = 256

/** One tile of hashes, or one bundle of entries. */
export interface TileRef {
  /** 0 holds leaf hashes, each level above the roots of full tiles below; `entries` the bundles beside level 0. */
  readonly level: number | 'entries'
  /** Place among the tiles of its level, from 0. */
  readonly index: number
  /** Hashes or entries in it, 1 to 256; fewer than 256 makes it partial. */
  readonly width: number
}

const PATH = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/)*\d{3})(?:\.p\/([1-9]\d{0,2}))?$/

/** Path of a tile below the log's prefix: `tile/0/x001/x234/067`, `tile/entries/000.p/12`. */
export function tilePath(ref: TileRef): string {
  const digits = String(ref.index)
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0')
  const groups = padded.replace(/\d{3}(?=\d)/g, 'x$&/')
  const partial = ref.width === TILE_WIDTH ? '' : `.p/${ref.width}`
  return `tile/${ref.level}/${groups}${partial}`
}

/** The tile that a path names; undefined unless it is exactly the path that `tilePath` writes. */
export function parseTilePath(path: string): TileRef | undefined {
  const match = PATH.exec(path)
  if (match === null) return undefined
  const [, level = '', groups = '', partial] = match
  const ref: TileRef = {
    level: level === 'entries' ? level : Number(level),
    index: Number(groups.replace(/[x/]/g, '')),
    width: partial === undefined ? TILE_WIDTH : Number(partial),
  }
  if (ref.level !== 'entries' && ref.level > 63) return undefined
  if (ref.width > TILE_WIDTH || !Number.isSafeInteger(ref.index * TILE_WIDTH + ref.width)) {
    return undefined
  }
  // Writing it again refuses every second spelling: leading zeros, a width of 256, empty groups in front.
  return tilePath(ref) === path ? ref : undefined
}

/** Hashes that level `level` holds in a tree of `size` leaves: floor(size / 256^level). */
function levelCount(level: number | 'entries', size: number): number {
  return level === 'entries' ? size : Math.floor(size / TILE_WIDTH ** level)
}

/** Width that a tile has in a tree of `size` leaves: 256 once full, 0 where the tree has not reached it. */
export function tileWidth(level: number | 'entries', index: number, size: number): number {
  return Math.max(0, Math.min(TILE_WIDTH, levelCount(level, size) - index * TILE_WIDTH))
}
