import { colorsFor } from '@sumveil/cli';

/** Columns of the narrowest terminal that the story is told for. */
const WIDTH = 80;
const INDENT = '   ';

/** Tells the story, a line at a time, no line wider than 80 columns. With `--json` it is silent. */
export interface Narrator {
  readonly json: boolean;
  chapter(title: string): void;
  say(line: string): void;
  good(line: string): void;
  bad(line: string): void;
  /** What goes on now. A terminal shows it in one line that the next one replaces; elsewhere nobody sees it. */
  live(line: string): void;
  /** What begins now and takes a while: a live line on a terminal, a line of its own in a log. */
  step(line: string): void;
}

export interface NarratorOptions {
  readonly json: boolean;
  readonly started: number;
  readonly out: { readonly isTTY?: boolean; write(text: string): unknown };
  readonly now?: () => number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export function createNarrator({ json, started, out, now = Date.now, env = process.env }: NarratorOptions): Narrator {
  const colors = colorsFor(out.isTTY === true, env);
  const liveLine = !json && out.isTTY === true && env.TERM !== 'dumb';
  let chapters = 0;
  let shown = '';
  const replaceLive = (text: string) => {
    if (!liveLine || text === shown) return;
    out.write(`\r\u001b[2K${text}`);
    shown = text;
  };
  const print = (line: string) => {
    if (json) return;
    replaceLive('');
    out.write(`${line}\n`);
  };
  const indented = (line: string) => (line === '' ? '' : clipped(`${INDENT}${line}`));
  const live = (line: string) => replaceLive(line === '' ? '' : colors.dim(indented(line)));
  return {
    json,
    chapter(title) {
      chapters += 1;
      const at = `${((now() - started) / 1000).toFixed(1)} s`;
      const head = clipped(`${chapters}. ${title}`, WIDTH - at.length - 1);
      print(`\n${colors.bold(head)} ${colors.dim(at)}`);
    },
    say: (line) => print(indented(line)),
    good: (line) => print(colors.green(indented(line))),
    bad: (line) => print(colors.red(indented(line))),
    live,
    step: (line) => (liveLine ? live(`${line} …`) : print(indented(`${line} …`))),
  };
}

function clipped(line: string, width = WIDTH): string {
  const letters = Array.from(line);
  return letters.length <= width ? line : `${letters.slice(0, width - 1).join('')}…`;
}
