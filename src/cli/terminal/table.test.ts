// Holds the tests of tables: aligned, cut to the terminal, painted only where somebody looks, and never obeyed.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Kept } from '../../../test/fakes/shell.ts'
import { paintFor, plain } from './paint.ts'
import { fields, table } from './table.ts'
import { cut, displayWidth } from './width.ts'

test('columns are as wide as their widest cell, and lines end without spaces', () => {
  const text = table(
    ['NAME', 'N', 'WHAT'],
    [
      ['a', 12, 'x y'],
      ['longer', 3, ''],
    ],
    { paint: plain },
  )
  assert.equal(text, 'NAME    N   WHAT\na       12  x y\nlonger  3\n')
})

test('the widest column gives way until the table fits the terminal', () => {
  const rows = [['agent', 'a purpose that is told at great length and in detail']]
  const text = table(['NAME', 'PURPOSE'], rows, { paint: plain, columns: 30 })
  for (const line of text.trimEnd().split('\n')) assert.ok(displayWidth(line) <= 30, line)
  assert.match(text, /agent {2}a purpose that is told…\n$/)
})

test('a column of ids is never cut, however little is left for the others', () => {
  const id = '01a2050a-e4dc-7938-8400-397d4403633f'
  const rows = [['a reason that is told at some length', id]]
  const text = table(['REASON', { title: 'ID', whole: true }], rows, { paint: plain, columns: 50 })
  assert.match(text, new RegExp(`^REASON +ID\na reason…? .*… {2}${id}\n$`))
  for (const line of text.trimEnd().split('\n')) assert.ok(displayWidth(line) <= 50, line)
})

test('a terminal too narrow for any table cuts columns to eight and no further', () => {
  const text = table(['NAME', 'WHAT'], [['abcdefghijkl', 'abcdefghijkl']], {
    paint: plain,
    columns: 4,
  })
  assert.equal(text, 'NAME      WHAT\nabcdefg…  abcdefg…\n')
})

test('wide and combining characters are counted as the terminal draws them', () => {
  assert.equal(displayWidth('日本'), 4)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(cut('日本語', 5), '日本…')
  const text = table(
    ['A', 'B'],
    [
      ['日本', 'x'],
      ['abcd', 'y'],
    ],
    { paint: plain },
  )
  assert.equal(text, 'A     B\n日本  x\nabcd  y\n')
})

test('what an agent wrote cannot move the cursor, add a line, or paint', () => {
  const hostile = 'x\u001b[1A\u001b[2K\nforged line\u202e'
  const text = table(['A'], [[hostile]], { paint: plain })
  assert.equal(text.split('\n').length, 3)
  assert.ok(!text.includes('\u001b'))
  assert.equal(fields([['a', hostile]], { paint: plain }).split('\n').length, 2)
})

test('colour changes no width, and only a terminal without NO_COLOR gets any', () => {
  const stream = new Kept()
  assert.equal(paintFor(stream, {})('red', 'x'), 'x')
  stream.isTTY = true
  assert.equal(paintFor(stream, {})('red', 'x'), '\u001b[31mx\u001b[39m')
  assert.equal(paintFor(stream, { NO_COLOR: '' })('red', 'x'), '\u001b[31mx\u001b[39m')
  assert.equal(paintFor(stream, { NO_COLOR: '1' })('red', 'x'), 'x')
  assert.equal(paintFor(stream, { TERM: 'dumb' })('red', 'x'), 'x')
  const painted = table(['A', 'B'], [[{ text: 'x', style: 'red' }, 'y']], {
    paint: paintFor(stream, {}),
  })
  // oxlint-disable-next-line no-control-regex
  assert.equal(painted.replaceAll(/\u001b\[\d+m/g, ''), 'A  B\nx  y\n')
})

test('fields leave out what is undefined and keep what is empty', () => {
  const text = fields(
    [
      ['a', 'x'],
      ['long', undefined],
      ['b', ''],
    ],
    { paint: plain },
  )
  assert.equal(text, 'a     x\nb     \n')
})

test('values are wrapped to the terminal under themselves, and a long word is left whole', () => {
  const surface = { paint: plain, columns: 20 }
  assert.equal(
    fields([['label', 'one two three four /a/path/that/is/long']], surface),
    'label  one two three\n       four\n       /a/path/that/is/long\n',
  )
})
