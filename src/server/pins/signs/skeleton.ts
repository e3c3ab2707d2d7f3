// Holds the skeleton of a name: what is left of it when everything is taken away by which two names that look alike may differ.

/** Letters of other scripts that look like Latin ones (Unicode UTS #39, confusables.txt, as far as identifiers use them). */
const PAIRS = [
  'аa вb сc ԁd еe һh іi јj кk ӏl мm нh оo рp ԛq гr ѕs тt уy ѵv ԝw хx αa βb εe ηn ιi κk νv οo',
  'ρp τt υu χx γy ωw ɑa ɡg ɩi ıi ꞁl օo ոn սu 0o 1l |l 5s $s @a !l 3e',
].join(' ')

/** The Latin letter of each. */
const LIKE = new Map(PAIRS.split(' ').map(([letter = '', latin = '']) => [letter, latin]))

/** What a name looks like: two names with one skeleton are easily taken for each other. */
export function skeleton(name: string): string {
  const letters = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[\p{M}\p{Cf}\p{Default_Ignorable_Code_Point}]/gu, '')
  const mapped = letters.replaceAll(/./gsu, (letter) => LIKE.get(letter) ?? letter)
  return mapped
    .replaceAll(/[^\p{L}\p{N}]+/gu, '')
    .replaceAll('rn', 'm')
    .replaceAll('vv', 'w')
    .replaceAll('i', 'l')
}
