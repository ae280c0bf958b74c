import { colors } from '@sumveil/cli';

/** Tells the story on stdout. With `--json` it is silent: stdout then holds one object and nothing else. */
export interface Narrator {
  readonly json: boolean;
  chapter(title: string): void;
  say(line: string): void;
  good(line: string): void;
  bad(line: string): void;
}

export function createNarrator(json: boolean, started = Date.now()): Narrator {
  let chapters = 0;
  const print = (line: string) => {
    if (!json) process.stdout.write(`${line}\n`);
  };
  return {
    json,
    chapter(title) {
      chapters += 1;
      const at = `${((Date.now() - started) / 1000).toFixed(1)} s`;
      print(`\n${colors.bold(`${chapters}. ${title}`)} ${colors.dim(at)}`);
    },
    say: (line) => print(`   ${line}`),
    good: (line) => print(`   ${colors.green(line)}`),
    bad: (line) => print(`   ${colors.red(line)}`),
  };
}
