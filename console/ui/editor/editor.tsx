// Holds the editor of policies. It lives in a shadow tree: there its styles are sheets that a strict CSP lets through, not elements.

import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands'
import { bracketMatching, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, lintKeymap, setDiagnostics, type Diagnostic } from '@codemirror/lint'
import { Compartment, EditorState, type Text } from '@codemirror/state'
import { EditorView, keymap, lineNumbers } from '@codemirror/view'
import { useEffect, useRef } from 'react'
import { cedar } from './cedar.ts'
import { colours, surfaces } from './look.ts'
import { completions, type Vocabulary } from './words.ts'

/** A problem where it is: line and column from 1, the column in UTF-16 units. */
export interface Marked {
  readonly line: number
  readonly column: number
  readonly message: string
  readonly severity: 'error' | 'warning'
}

export interface EditorProps {
  readonly label: string
  readonly value: string
  readonly onChange: (text: string) => void
  readonly marked: readonly Marked[]
  readonly vocabulary: Vocabulary | undefined
}

/** From where a problem is to the end of what stands there; what was told of another text than this one stays inside of it. */
function diagnostic(doc: Text, { line, column, message, severity }: Marked): Diagnostic {
  const at = doc.line(Math.min(Math.max(line, 1), doc.lines))
  const from = Math.min(at.from + Math.max(column - 1, 0), at.to)
  const [word = ''] = /^\w+|^./u.exec(at.text.slice(from - at.from)) ?? []
  return { from, to: from + word.length, message, severity }
}

/** Tab leaves it (WCAG 2.2, 2.1.2): indentation is Ctrl+]. */
const KEYS = keymap.of([
  ...closeBracketsKeymap,
  ...completionKeymap,
  ...lintKeymap,
  ...historyKeymap,
  ...defaultKeymap,
])

export function Editor({ label, value, onChange, marked, vocabulary }: EditorProps) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(undefined)
  const words = useRef(new Compartment())
  // What is typed comes from the editor itself: neither a new listener nor the same text makes it anew.
  const told = useRef(onChange)
  told.current = onChange
  useEffect(() => {
    const root = host.current!.shadowRoot ?? host.current!.attachShadow({ mode: 'open' })
    const state = EditorState.create({
      doc: value,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        closeBrackets(),
        lintGutter(),
        cedar,
        syntaxHighlighting(colours),
        surfaces,
        words.current.of([]),
        KEYS,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': label, spellcheck: 'false' }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) told.current(update.state.doc.toString())
        }),
      ],
    })
    const made = new EditorView({ state, parent: root, root })
    view.current = made
    return () => made.destroy()
    // The text is what it begins with: later ones come below.
  }, [label])
  useEffect(() => {
    const { current } = view
    if (current === undefined || current.state.doc.toString() === value) return
    current.dispatch({ changes: { from: 0, to: current.state.doc.length, insert: value } })
  }, [value])
  useEffect(() => {
    const { current } = view
    if (current === undefined) return
    const found = marked.map((one) => diagnostic(current.state.doc, one))
    current.dispatch(setDiagnostics(current.state, found))
  }, [marked])
  useEffect(() => {
    const source = vocabulary === undefined ? [] : [completions(vocabulary)]
    view.current?.dispatch({
      effects: words.current.reconfigure(autocompletion({ override: source })),
    })
  }, [vocabulary])
  return <div ref={host} />
}
