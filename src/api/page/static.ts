// Holds what pages load: the style sheet and the scripts, read once from beside this file.

import { readFileSync } from 'node:fs'
import type { Surface } from '../serve.ts'

/** Path of the one style sheet. */
export const STYLE_PATH = '/page/style.css'
/** Path of the script of signing in. */
export const LOGIN_SCRIPT_PATH = '/page/login.js'

function read(name: string): string {
  return readFileSync(new URL(name, import.meta.url), 'utf8')
}

/** Serves them. They are the same for everybody. */
export function servePageFiles(surface: Surface): void {
  const style = read('./style.css')
  const script = read('./login.js')
  surface.open(
    `GET ${STYLE_PATH}`,
    { summary: 'The style sheet of the pages', answer: { media: 'text/css' } },
    () => new Response(style, { headers: { 'content-type': 'text/css; charset=utf-8' } }),
  )
  surface.open(
    `GET ${LOGIN_SCRIPT_PATH}`,
    { summary: 'The script of signing in', answer: { media: 'text/javascript' } },
    () => new Response(script, { headers: { 'content-type': 'text/javascript; charset=utf-8' } }),
  )
}
