// Holds the shape of a signed table: where its rows live, and what of a document stands in columns of its own.

/** What a derived column can hold. Booleans are 0 and 1, times are ms since the epoch. */
export type ColumnValue = string | number | null

/** How documents of one kind are kept. */
export interface TableShape<T> {
  readonly table: string
  /** Primary key of a document. */
  readonly id: (doc: T) => string
  /** Columns that are derived from the document for look-ups, and compared with it on every read. */
  readonly columns: (doc: T) => Readonly<Record<string, ColumnValue>>
  /** Which rows the table's roll counts: all, or those whose column has one of the values. Absent: no roll. */
  readonly roll?: 'all' | { readonly column: string; readonly values: readonly ColumnValue[] }
}

/** True when the roll counts a row with these columns. */
export function onRoll<T>(shape: TableShape<T>, doc: T): boolean {
  if (shape.roll === undefined || shape.roll === 'all') return shape.roll === 'all'
  return shape.roll.values.includes(shape.columns(doc)[shape.roll.column] ?? null)
}
