import { html, type Markup, raw } from './markup.ts';
import { style } from './style.ts';

/**
 * A whole document that loads nothing and runs nothing, so it can be opened offline, printed and kept. The policy holds when
 * the page is opened from a file, where no server can send one.
 */
export function page(o: { title: string; body: Markup }): string {
  const document = html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'">
<title>${o.title}</title><style>${raw(style)}</style></head>
<body><main>
${o.body}
</main></body></html>
`;
  return document.markup;
}
