// Holds which explorations there are: those of every test run, those of the nightly one, and one for each planted bug.

import { FAULTS, type Bounds, type Bug, type FaultKind } from './bounds.ts'

/** An exploration, and what it is about. */
export interface Run {
  readonly name: string
  readonly bounds: Bounds
  /** States that it has at most; it is not whole beyond. */
  readonly most: number
}

/** All but those of clocks. One clock at a time: `beyond` says what two at once do. */
const NO_CLOCKS = FAULTS.filter((kind) => kind !== 'jump' && kind !== 'sleep')

const SMALL: Bounds = {
  lease: 1,
  drift: 1,
  jump: 2,
  gateways: 1,
  calls: ['gated'],
  pings: 1,
  faults: 1,
  kinds: NO_CLOCKS,
  streams: false,
  lock: 'stays',
}

const MANY = 1_000_000

/** Explored whole in every test run. */
export const SUITE: readonly Run[] = [
  run('a stream, clocks that jump', { streams: true, kinds: [...NO_CLOCKS, 'jump'] }),
  run('a stream, a machine that sleeps', { streams: true, kinds: [...NO_CLOCKS, 'sleep'] }),
  run('two calls for one approval, control that crashes', {
    calls: ['gated', 'gated'],
    kinds: ['crash', 'close'],
  }),
  run('two gateways, two calls for one approval', {
    gateways: 2,
    calls: ['gated', 'gated'],
    faults: 0,
  }),
  run('a way on after any fault', {
    calls: ['probe'],
    kinds: [...NO_CLOCKS, 'jump'],
    lock: 'lifted',
  }),
  run('a way on after all gateways were down', {
    gateways: 2,
    calls: ['probe'],
    faults: 2,
    kinds: ['kill'],
    lock: 'none',
  }),
]

/** Explored whole by `npm run model -- --deep`. */
export const DEEP: readonly Run[] = [
  deep('one gateway, two faults, a clock that jumps', {
    faults: 2,
    streams: true,
    kinds: [...NO_CLOCKS, 'jump'],
  }),
  deep('one gateway, two faults, a machine that sleeps', {
    faults: 2,
    streams: true,
    kinds: [...NO_CLOCKS, 'sleep'],
  }),
  deep('one gateway, three faults', { faults: 3 }),
  deep('a longer lease, two pings under way', {
    lease: 2,
    pings: 2,
    streams: true,
    kinds: [...NO_CLOCKS, 'jump'],
  }),
  deep('two calls for one approval, two faults', { calls: ['gated', 'gated'], faults: 2 }),
  deep('two gateways, two calls for one approval, one fault', {
    gateways: 2,
    calls: ['gated', 'gated'],
  }),
  deep('two gateways, a stream, two faults', {
    gateways: 2,
    faults: 2,
    streams: true,
    kinds: ['loss', 'crash', 'kill', 'takeover'],
  }),
  deep('a way on beside a call, after one fault', { calls: ['gated', 'probe'], lock: 'lifted' }),
  deep('a way on after two faults', {
    calls: ['probe'],
    faults: 2,
    lock: 'lifted',
    kinds: [...NO_CLOCKS, 'jump'],
  }),
  deep('a way on with two gateways, two faults', {
    gateways: 2,
    calls: ['probe'],
    faults: 2,
    lock: 'lifted',
    kinds: ['loss', 'crash', 'kill', 'takeover'],
  }),
]

/** What no lease by two clocks withstands: a clock that is set back by as much as the machine slept since it was last read. */
export const BEYOND: Run = run('a clock that is set back around a sleep', {
  faults: 2,
  kinds: ['jump', 'sleep'],
})

/** Where each bug shows. */
const SHOWN: Readonly<Record<Bug, Partial<Bounds>>> = {
  leaseFromAnswer: { faults: 0 },
  noCheckAtGo: { faults: 0 },
  consumeAfterIntent: { calls: ['gated', 'gated'], kinds: ['crash'] },
  receiptBeforeCut: { faults: 0, streams: true },
  numbersReused: { calls: ['plain', 'plain'], kinds: ['close'], pings: 0 },
  goTwice: { kinds: ['twice'] },
  pushLater: { faults: 0, streams: true },
  uncheckedStream: { faults: 0, streams: true },
  deposedAnswers: { kinds: ['takeover'] },
  deposedRecords: { kinds: ['takeover'] },
  monotonicOnly: { kinds: ['sleep'] },
  wallOnly: { kinds: ['jump'] },
  noFullView: { streams: true, kinds: ['close'] },
  spentTwice: { calls: ['gated', 'gated'], faults: 0 },
  refusedAtLoss: { kinds: ['loss'] },
  openAtLoss: { kinds: ['loss'] },
  openAtStart: { kinds: ['crash'] },
  earlyEndIgnored: { calls: ['probe'], faults: 0, lock: 'lifted' },
  neverTrusted: { calls: ['probe'], kinds: ['jump'], lock: 'lifted' },
  neverNoticed: { calls: ['probe'], kinds: ['loss'], lock: 'lifted' },
}

/** The exploration that finds a bug. */
export function hunt(bug: Bug): Run {
  return run(bug, { ...SHOWN[bug], bug })
}

function run(name: string, bounds: Partial<Bounds>): Run {
  return { name, bounds: { ...SMALL, ...bounds }, most: MANY }
}

function deep(name: string, bounds: Partial<Bounds>): Run {
  return { name, bounds: { ...SMALL, ...bounds }, most: 60 * MANY }
}

/** The kinds of a run, in words. */
export function kindsOf({ faults, kinds }: Bounds): string {
  const named: readonly FaultKind[] = faults === 0 ? [] : kinds
  return named.length === 0 ? 'none' : named.join(' ')
}
