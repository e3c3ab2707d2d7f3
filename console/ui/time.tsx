// Holds times: relative to read, absolute to rely on. One clock ticks for all of them.

import { useSyncExternalStore } from 'react'

let now = Date.now()
const listeners = new Set<() => void>()
let timer: ReturnType<typeof setInterval> | undefined

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const each of listeners) each()
  }, 1_000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** Milliseconds since the epoch, to the second. */
export function useNow(): number {
  return useSyncExternalStore(subscribe, () => now)
}

const STEPS = [
  [60, 's'],
  [60, 'm'],
  [24, 'h'],
  [365, 'd'],
  [Infinity, 'y'],
] as const

/** "4 s", "3 min", "2 h", "5 d". */
export function duration(ms: number): string {
  let value = Math.abs(ms) / 1_000
  for (const [size, unit] of STEPS) {
    if (value < size) return `${Math.floor(value)} ${unit === 'm' ? 'min' : unit}`
    value /= size
  }
  return ''
}

/** A time as people read it, to the second, in UTC as the record has it. */
function absolute(at: string): string {
  return `${at.slice(0, 19).replace('T', ' ')} UTC`
}

export function Time({
  at,
  exact,
}: {
  readonly at: string | null | undefined
  readonly exact?: boolean
}) {
  const current = useNow()
  if (at === null || at === undefined) return <span className="text-ink-3">–</span>
  const ms = Date.parse(at) - current
  const near = Math.abs(ms) < 1_500 ? 'now' : ms < 0 ? `${duration(ms)} ago` : `in ${duration(ms)}`
  return (
    <time
      dateTime={at}
      title={absolute(at)}
      className={`tabular-nums ${exact === true ? '' : 'whitespace-nowrap'}`}
    >
      {exact === true ? (
        <>
          <span className="whitespace-nowrap">{absolute(at)}</span>{' '}
          <span className="whitespace-nowrap text-ink-3">({near})</span>
        </>
      ) : (
        near
      )}
    </time>
  )
}
