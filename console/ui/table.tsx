// Holds tables: rows by the thousand are drawn only where one looks, and all of them can be reached by keyboard.

import { useVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { t } from './words.ts'

export interface Column<Row> {
  readonly head: string
  /** Of the grid, e.g. `8rem` or `minmax(0,2fr)`. */
  readonly width: string
  readonly cell: (row: Row) => ReactNode
  /** Left out where the screen is narrow. */
  readonly wide?: boolean
}

const ROW_PX = 36

function useNarrow(): boolean {
  const [narrow, setNarrow] = useState(() => matchMedia('(width < 48rem)').matches)
  useLayoutEffect(() => {
    const query = matchMedia('(width < 48rem)')
    const listen = (): void => setNarrow(query.matches)
    query.addEventListener('change', listen)
    return () => query.removeEventListener('change', listen)
  }, [])
  return narrow
}

/** A table that fills the height it is given, or grows with a few rows. */
export function Table<Row>(of: {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly id: (row: Row) => string
  readonly onOpen?: (row: Row) => void
  /** Called when the end comes near. */
  readonly onEnd?: () => void
  /** Height at most, in CSS. */
  readonly max?: string
}) {
  const box = useRef<HTMLDivElement>(null)
  const narrow = useNarrow()
  const columns = of.columns.filter(({ wide }) => wide !== true || !narrow)
  const template = columns.map(({ width }) => width).join(' ')
  const virtual = useVirtualizer({
    count: of.rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW_PX,
    overscan: 12,
    getItemKey: (at) => of.id(of.rows[at]!),
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useLayoutEffect(() => {
    if (last >= of.rows.length - 5 && of.rows.length > 0) of.onEnd?.()
  })
  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>, at: number): void => {
    const step = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key]
    if (event.key === 'Enter') of.onOpen?.(of.rows[at]!)
    if (step === undefined) return
    event.preventDefault()
    const next = Math.min(Math.max(at + step, 0), of.rows.length - 1)
    virtual.scrollToIndex(next)
    requestAnimationFrame(() =>
      box.current?.querySelector<HTMLElement>(`[data-at="${next}"]`)?.focus(),
    )
  }
  return (
    <div
      ref={box}
      role="table"
      aria-label={of.label}
      aria-rowcount={of.rows.length}
      className="overflow-auto"
      style={{ maxHeight: of.max ?? 'calc(100dvh - 15rem)' }}
      tabIndex={of.onOpen === undefined ? 0 : -1}
    >
      <div role="rowgroup" className="sticky top-0 z-[1] bg-paper">
        <div
          role="row"
          className="grid items-center gap-3 border-b border-line px-3.5 py-1.5 text-xs font-medium text-ink-3"
          style={{ gridTemplateColumns: template }}
        >
          {columns.map(({ head }) => (
            <div role="columnheader" key={head} className="truncate">
              {t(head)}
            </div>
          ))}
        </div>
      </div>
      <div role="rowgroup" className="relative" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = of.rows[item.index]!
          return (
            <div
              key={item.key}
              role="row"
              aria-rowindex={item.index + 1}
              data-at={item.index}
              tabIndex={of.onOpen === undefined ? undefined : 0}
              onKeyDown={(event) => onKeyDown(event, item.index)}
              onClick={() => {
                if (getSelection()?.isCollapsed !== false) of.onOpen?.(row)
              }}
              className={`absolute inset-x-0 grid items-center gap-3 border-b border-line/60 px-3.5 text-sm ${of.onOpen === undefined ? 'cursor-default' : 'hover:bg-sunken focus-visible:-outline-offset-2'}`}
              style={{ gridTemplateColumns: template, height: ROW_PX, top: item.start }}
            >
              {columns.map(({ head, cell }) => (
                <div role="cell" key={head} className="min-w-0 truncate">
                  {cell(row)}
                </div>
              ))}
            </div>
          )
        })}
      </div>
    </div>
  )
}
