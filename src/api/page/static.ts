// Holds what pages load: the style sheet and the scripts, read once from beside this file.

import { readFileSync } from 'node:fs'
import type { Surface } from '../serve.ts'

/** Path of the one style sheet. */
export const STYLE_PATH = '/page/style.css'
/** Path of the script of signing in. */
export const LOGIN_SCRIPT_PATH = '/page/login.js'
/** Path of the script of agreeing with a passkey. */
export const APPROVE_SCRIPT_PATH = '/page/approve.js'

const SCRIPTS = [
  [LOGIN_SCRIPT_PATH, './login.js', 'The script of signing in'],
  [APPROVE_SCRIPT_PATH, './approve.js', 'The script of agreeing with a passkey'],
  ['/page/passkey.js', './passkey.js', 'What scripts share that ask for passkeys'],
] as const

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

/** Serves them. They are the same for everybody. */
export function servePageFiles(surface: Surface): void {
  const style = read('./style.css')
  surface.open(
    `GET ${STYLE_PATH}`,
    { summary: 'The style sheet of the pages', answer: { media: 'text/css' } },
    () => new Response(style, { headers: { 'content-type': 'text/css; charset=utf-8' } }),
  )
  for (const [path, name, summary] of SCRIPTS) {
    const script = read(name)
    surface.open(
      `GET ${path}`,
      { summary, answer: { media: 'text/javascript' } },
      () => new Response(script, { headers: { 'content-type': 'text/javascript; charset=utf-8' } }),
    )
  }
}
