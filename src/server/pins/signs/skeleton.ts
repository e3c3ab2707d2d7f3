// Holds the skeleton of a name: what is left of it when everything is taken away by which two names that look alike may differ.

/** Letters of other scripts that look like Latin ones (Unicode UTS #39, confusables.txt, as far as identifiers use them). */
const LIKE: Readonly<Record<string, string>> = {
  ...{ а: 'a', в: 'b', с: 'c', ԁ: 'd', е: 'e', һ: 'h', і: 'i', ј: 'j', к: 'k', ӏ: 'l', м: 'm' },
  ...{ н: 'h', о: 'o', р: 'p', ԛ: 'q', г: 'r', ѕ: 's', т: 't', у: 'y', ѵ: 'v', ԝ: 'w', х: 'x' },
  ...{ α: 'a', β: 'b', ε: 'e', η: 'n', ι: 'i', κ: 'k', ν: 'v', ο: 'o', ρ: 'p', τ: 't', υ: 'u' },
  ...{ χ: 'x', γ: 'y', ω: 'w', ɑ: 'a', ɡ: 'g', ɩ: 'i', ı: 'i', ꞁ: 'l', օ: 'o', ո: 'n', ս: 'u' },
  ...{ '0': 'o', '1': 'l', '|': 'l', '5': 's', $: 's', '@': 'a', '!': 'l', '3': 'e' },
}

/** What a name looks like: two names with one skeleton are easily taken for each other. */
export function skeleton(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
  const mapped = [...letters].map((letter) => LIKE[letter] ?? letter).join('')
  return mapped
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('i', 'l')
}
