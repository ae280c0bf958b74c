import type { CheckStatus, Diagnosis, Verdict } from './diagnosis.ts';

const COLUMNS = 80;
const verdicts: Record<Verdict, string> = { healthy: 'HEALTHY', 'works-but': 'WORKS, BUT', broken: 'BROKEN' };

/** Paints a word by its status; without one, plain text. */
export type Paint = (status: CheckStatus, word: string) => string;

/**
 * Verdict, reason and next step, then a line for each check with its remedy below. No line is longer than 80 columns unless one
 * word is; colours do not count.
 */
export function diagnosisText({ verdict, reason, next, checks }: Diagnosis, paint: Paint = (_, word) => word): string {
  const status = verdict === 'broken' ? 'fail' : verdict === 'works-but' ? 'warn' : 'ok';
  const [first, ...rest] = wrapped(`${verdicts[verdict]}: ${reason}`, COLUMNS);
  const head = [`${paint(status, verdicts[verdict])}${first!.slice(verdicts[verdict].length)}`, ...rest];
  if (next) head.push(...hanging('Next: ', next));
  const width = Math.max(0, ...checks.map(({ id }) => id.length));
  const lines = checks.flatMap((check) => {
    const lead = `${check.status.padEnd(4)}  ${check.id.padEnd(width)}  `;
    const [line, ...below] = hanging(lead, check.detail);
    const painted = `${paint(check.status, check.status.padEnd(4))}${line!.slice(4)}`;
    const remedy = check.next ? hanging(`${' '.repeat(lead.length)}→ `, check.next) : [];
    return [painted, ...below, ...remedy];
  });
  return [...head, '', ...lines].join('\n');
}

/** The text behind `lead`, within 80 columns; its further lines stand below its first word. */
export function hanging(lead: string, text: string): string[] {
  const [first, ...rest] = wrapped(text, COLUMNS - lead.length);
  return [`${lead}${first}`, ...rest.map((line) => `${' '.repeat(lead.length)}${line}`)];
}

function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
