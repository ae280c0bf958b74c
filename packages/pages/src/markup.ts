/** Text that is markup already; everything else is escaped where it is put in. */
export interface Markup {
  readonly markup: string;
}

type Value = Markup | string | number | null | undefined | false | readonly Value[];

/** Tagged template: values are escaped unless they are markup, so no name, code or digest can become an element. */
export function html(parts: TemplateStringsArray, ...values: Value[]): Markup {
  return { markup: parts.reduce((all, part, i) => all + part + (i < values.length ? text(values[i]) : ''), '') };
}

export function raw(markup: string): Markup {
  return { markup };
}

function text(value: Value): string {
  if (value === null || value === undefined || value === false) return '';
  if (isList(value)) return value.map(text).join('');
  if (typeof value === 'object') return value.markup;
  return String(value).replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function isList(value: Value): value is readonly Value[] {
  return Array.isArray(value);
}

/** A digest or ref in a form that can be compared by eye; the whole value is there for a copy and for print. */
export function digest(value: string): Markup {
  const short = value.startsWith('sha256:') ? value.slice(7, 19) : value;
  return html`<code title="${value}">${short}</code>`;
}

export function time(value: string | null): string {
  return value === null ? '–' : value.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}

/** To the minute, for columns that say UTC themselves. */
export function minute(value: string | null): string {
  return value === null ? '–' : value.slice(0, 16).replace('T', ' ');
}

export function seconds(value: number | null): string {
  if (value === null) return '–';
  return value < 10 ? value.toFixed(2) : value < 120 ? value.toFixed(1) : Math.round(value).toString();
}

export interface Column {
  readonly title: string;
  /** Numbers are set right and with figures of one width. */
  readonly number?: boolean;
  /** Kept on one line. */
  readonly line?: boolean;
}

export function table(columns: readonly Column[], rows: readonly (readonly Value[])[], empty: string): Markup {
  if (rows.length === 0) return html`<p class="none">${empty}</p>`;
  const kind = (i: number) => raw(columns[i]!.number ? ' class="n"' : columns[i]!.line ? ' class="l"' : '');
  return html`<div class="scroll"><table><thead><tr>${columns.map(({ title }, i) => html`<th scope="col"${kind(i)}>${title}</th>`)}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((cell, i) => html`<td${kind(i)}>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}
