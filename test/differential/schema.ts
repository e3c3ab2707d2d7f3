// Holds generated schemas: what attributes and tags entities have and of which types, and values of a type.

import type { Draw } from './draw.ts'
import type { ExtensionName, Sample } from './value.ts'

/** A type of values. */
export type SampleType =
  | { readonly kind: 'bool' | 'long' | 'string' | ExtensionName }
  | { readonly kind: 'entity'; readonly type: string }
  | { readonly kind: 'set'; readonly element: SampleType }
  | RecordShape

/** A record's attributes. */
export interface RecordShape {
  readonly kind: 'record'
  readonly attributes: ReadonlyMap<string, SampleType>
}

/** What entities are like in one generated world. */
export interface Schema {
  readonly entities: ReadonlyMap<string, { readonly shape: RecordShape; readonly tags: SampleType }>
  readonly context: RecordShape
}

/** Types of entities. The second holds a namespace, the third is no ASCII word's prefix of another by chance. */
export const ENTITY_TYPES = ['User', 'App::Doc', 'Group', 'Groupie']
/** Ids, some of which look alike or mean something elsewhere. */
export const IDS = ['a', 'b', 'A', 'a b', '', 'é', 'e\u0301', '__proto__', 'x"\\y', '😀', 'a\u0000']
/** Names of attributes and tags. */
export const NAMES = [
  'a',
  'b',
  'c',
  'n',
  'name',
  '__proto__',
  'constructor',
  'toString',
  'if',
  'two words',
  'ключ',
  '',
]

const LONGS = [
  0n,
  1n,
  2n,
  -1n,
  3n,
  -2n,
  10n,
  2n ** 31n,
  -(2n ** 31n),
  3_037_000_500n,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2n ** 62n,
  2n ** 63n - 1n,
  2n ** 63n - 2n,
  -(2n ** 63n),
  -(2n ** 63n) + 1n,
]
const STRINGS = [
  '',
  'a',
  'b',
  'ab',
  'aba',
  'a*b',
  '*',
  '\\',
  'é',
  'e\u0301',
  '😀',
  'a\nb',
  'aaaaaaab',
  'A',
]
const TEXTS: Readonly<Record<ExtensionName, readonly string[]>> = {
  decimal: [
    '0.0',
    '1.0',
    '-1.0',
    '1.23',
    '1.2300',
    '-0.0001',
    '922337203685477.5807',
    '-922337203685477.5808',
    '0.5',
    '-0.5',
  ],
  ip: [
    '11.0.0.1',
    '11.0.0.0/8',
    '11.1.2.3/8',
    '127.0.0.1',
    '127.0.0.1/7',
    '224.0.0.1',
    '8.8.8.8/0',
    '::1',
    '1::/0',
    '::1/127',
    'ff02::1',
    '2001:db8::/32',
    '2001:DB8:0:0:0:0:0:1',
    '::ffff:a00:1',
    '255.255.255.255',
  ],
  datetime: [
    '1970-01-01',
    '2024-02-29',
    '2024-02-29T12:34:56Z',
    '2024-02-29T12:34:56.789Z',
    '1969-12-31T23:59:59.999Z',
    '2024-01-01T00:00:00+2359',
    '2024-01-01T00:00:00.000-0100',
    '0000-01-01',
    '9999-12-31T23:59:59Z',
  ],
  duration: [
    '0ms',
    '1ms',
    '1d',
    '-1d',
    '1d2h3m4s5ms',
    '-90m',
    '24h',
    '9223372036854775807ms',
    '-9223372036854775808ms',
    '3600s',
  ],
}
/** Arguments that extension functions refuse, or nearly. */
export const BAD_TEXTS: Readonly<Record<ExtensionName, readonly string[]>> = {
  decimal: [
    '',
    '1',
    '1.',
    '.5',
    '1.23456',
    '+1.0',
    '1e2',
    '922337203685477.5808',
    '-922337203685477.5809',
    '١.٢',
    ' 1.0',
    '1.0 ',
    '00.10',
    '-00.0',
    '9223372036854775808.0',
    '-.5',
    '1.0\n',
  ],
  ip: [
    '',
    '1',
    '1.2.3',
    '01.2.3.4',
    '1.2.3.256',
    '1.2.3.4/33',
    '1.2.3.4/',
    '1.2.3.4/08',
    '::ffff:10.0.0.1',
    ':::',
    '1::2::3',
    '1::/129',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::',
    '::2:3:4:5:6:7:8',
    'g::',
    '1.2.3.4/+1',
    '::1%eth0',
    '[::1]',
    '1.2.3.4 ',
    '::1/0128',
    '00001::',
    '1.2.3.4/00',
    '1:2:3:4:5:6:7',
    '١.2.3.4',
  ],
  datetime: [
    '',
    '2024',
    '2024-2-1',
    '2023-02-29',
    '2024-13-01',
    '2024-00-01',
    '2024-01-00',
    '2024-01-01T',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00.1Z',
    '2024-01-01T00:00:00+2400',
    '2024-01-01T00:00:00+0060',
    '2024-01-01t00:00:00z',
    '2024-01-01T00:00:00+01:00',
    '-001-01-01',
    '10000-01-01',
    '2024-01-01 ',
    '2016-12-31T23:59:60Z',
    '2024-01-01T00:00:00-0000',
    '2024-01-01Z',
  ],
  duration: [
    '',
    '-',
    '1',
    'd',
    '1h1d',
    '1d1d',
    '+1d',
    '1.5h',
    '-1d-1h',
    '1D',
    '9223372036854775808ms',
    '-9223372036854775809ms',
    '106751991168d',
    '106751991167d',
    '-106751991168d',
    '1d ',
    ' 1d',
    '1ms1s',
    '00001d',
    '99999999999999999999d',
    '١d',
    '1s1m',
    '0d0h0m0s0ms',
  ],
}

const SCALARS: readonly SampleType[] = [
  { kind: 'bool' },
  { kind: 'long' },
  { kind: 'string' },
  { kind: 'decimal' },
  { kind: 'ip' },
  { kind: 'datetime' },
  { kind: 'duration' },
]

/** A type. */
export function drawType(draw: Draw, depth = 2): SampleType {
  const which = draw.below(12)
  if (which < 7) return SCALARS[(which + 1) % 7]!
  if (which < 9 || depth === 0) return { kind: 'entity', type: draw.pick(ENTITY_TYPES) }
  if (which < 11) return { kind: 'set', element: drawType(draw, depth - 1) }
  return drawShape(draw, 1, 3, depth - 1)
}

function drawShape(draw: Draw, least: number, most: number, depth: number): RecordShape {
  const attributes = draw.many(
    least,
    most,
    () => [draw.pick(NAMES), drawType(draw, depth)] as const,
  )
  return { kind: 'record', attributes: new Map(attributes) }
}

/** A schema: some attributes are every entity's, so that policies mostly find them. */
export function drawSchema(draw: Draw): Schema {
  const shared = drawShape(draw, 2, 4, 2).attributes
  const entities = ENTITY_TYPES.map((type) => {
    const own = drawShape(draw, 0, 2, 2).attributes
    const attributes = new Map([...own, ...shared])
    return [type, { shape: { kind: 'record', attributes }, tags: drawType(draw, 1) }] as const
  })
  return { entities: new Map(entities), context: drawShape(draw, 2, 5, 2) }
}

/** The name of an entity, which may or may not be there. */
export function drawName(draw: Draw, type: string): Sample {
  return {
    kind: 'entity',
    value: { type, id: draw.pick(IDS.slice(0, draw.oneIn(4) ? IDS.length : 4)) },
  }
}

/** A value of a type. */
export function drawValue(draw: Draw, type: SampleType): Sample {
  switch (type.kind) {
    case 'bool':
      return { kind: 'bool', value: draw.below(2) === 1 }
    case 'long':
      return { kind: 'long', value: draw.pick(LONGS) }
    case 'string':
      return { kind: 'string', value: draw.pick(STRINGS) }
    case 'entity':
      return drawName(draw, type.type)
    case 'set':
      return { kind: 'set', elements: draw.many(0, 4, () => drawValue(draw, type.element)) }
    case 'record':
      return {
        kind: 'record',
        attributes: new Map(
          [...type.attributes]
            .filter(() => !draw.oneIn(10))
            .map(([name, inner]) => [name, drawValue(draw, inner)]),
        ),
      }
    default:
      return { kind: 'extension', fn: type.kind, arg: draw.pick(TEXTS[type.kind]) }
  }
}
