// Holds the two charts of the console: bars over time, and how much falls on whom. Drawn as SVG; said in words as well.

import type { Bar } from '../data/live.ts'
import { Said } from './text.tsx'

const PARTS = ['allowed', 'held', 'denied', 'failed'] as const
const COLOURS = {
  allowed: 'var(--chart-allow)',
  held: 'var(--chart-hold)',
  denied: 'var(--chart-deny)',
  failed: 'var(--chart-fail)',
} as const

/** Bars of the last `count` steps; the newest right. */
export function TimeBars(of: {
  readonly label: string
  readonly bars: ReadonlyMap<number, Bar>
  readonly now: number
  readonly step: number
  readonly count: number
}) {
  const last = Math.floor(of.now / 1_000 / of.step) * of.step
  const shown = Array.from({ length: of.count }, (_, at) =>
    of.bars.get(last - (of.count - 1 - at) * of.step),
  )
  const sum = (bar: Bar | undefined): number =>
    bar === undefined ? 0 : PARTS.reduce((all, part) => all + bar[part], 0)
  const most = Math.max(4, ...shown.map(sum))
  return (
    <figure>
      <svg
        role="img"
        aria-label={of.label}
        viewBox={`0 0 ${of.count * 10} 100`}
        preserveAspectRatio="none"
        className="h-28 w-full"
      >
        {[25, 50, 75].map((y) => (
          <line
            key={y}
            x1="0"
            x2={of.count * 10}
            y1={y}
            y2={y}
            stroke="var(--line)"
            strokeWidth="1"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {shown.map((bar, at) => {
          let y = 100
          return PARTS.map((part) => {
            const height = ((bar?.[part] ?? 0) / most) * 100
            if (height === 0) return null
            y -= height
            return (
              <rect
                key={`${at} ${part}`}
                x={at * 10 + 1}
                y={y}
                width="8"
                height={height}
                fill={COLOURS[part]}
              />
            )
          })
        })}
      </svg>
      <figcaption className="mt-1 flex flex-wrap gap-x-4 text-xs text-ink-3">
        {PARTS.map((part) => (
          <span key={part} className="flex items-center gap-1.5">
            <span
              aria-hidden="true"
              className="size-2 rounded-sm"
              style={{ background: COLOURS[part] }}
            />
            {part}{' '}
            <b className="font-medium text-ink tabular-nums">
              {shown.reduce((all, bar) => all + (bar?.[part] ?? 0), 0)}
            </b>
          </span>
        ))}
      </figcaption>
    </figure>
  )
}

/** Names with how much falls on each, the most first. */
export function Shares({
  of,
  label,
  link,
}: {
  readonly of: ReadonlyMap<string, number>
  readonly label: string
  readonly link: (name: string, children: React.ReactNode) => React.ReactNode
}) {
  const sorted = [...of].toSorted(([, a], [, b]) => b - a).slice(0, 6)
  const most = sorted[0]?.[1] ?? 1
  return (
    <ul aria-label={label} className="space-y-1.5 text-sm">
      {sorted.map(([name, count]) => (
        <li key={name} className="relative flex items-center gap-2 px-2 py-0.5">
          <span
            aria-hidden="true"
            className="absolute inset-y-0 left-0 rounded bg-accent-soft"
            style={{ width: `${(count / most) * 100}%` }}
          />
          <span className="relative min-w-0 grow truncate">{link(name, <Said text={name} />)}</span>
          <span className="relative text-ink-2 tabular-nums">{count.toLocaleString('en')}</span>
        </li>
      ))}
    </ul>
  )
}
