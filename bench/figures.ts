// Holds what a bench answers: figures by name, a curve being a list of them.

/** Figures by name; a list is a curve, from small to large. */
export type Figures = Readonly<Record<string, number | string | readonly number[]>>
