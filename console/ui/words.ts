// Holds the words of the console by their English text, so that another language is a table and not a change of pages.

/** What a text is in the language of this browser, by the English one; English stands for itself. */
const WORDS: Readonly<Record<string, string>> = {}

/** A text, with `{name}` in it filled in. */
export function t(text: string, values: Readonly<Record<string, string | number>> = {}): string {
  return (WORDS[text] ?? text).replaceAll(/\{(\w+)\}/g, (all, name: string) =>
    String(values[name] ?? all),
  )
}

/** "1 call", "2 calls". */
export function plural(count: number, one: string, many: string): string {
  return `${count.toLocaleString('en')} ${t(count === 1 ? one : many)}`
}
