import type { Measured, Result } from './suite.ts';

const BAR = 24;

/** What a person reads: aligned columns within 80, and a bar for each median beside the largest of its unit. */
export function tableOf({ results, ratios }: Measured): string {
  const width = Math.max(...results.map(({ name }) => name.length), ...Object.keys(ratios).map((name) => name.length));
  const head = `${''.padEnd(width)}  ${['median', 'min', 'max'].map((name) => name.padStart(8)).join('')}`;
  const lines = [head];
  for (const [unit, group] of Map.groupBy(results, (result) => result.unit)) {
    const most = Math.max(...group.map(({ median }) => median));
    for (const result of group) lines.push(`${result.name.padEnd(width)}  ${lineOf(result, most)} ${unit}`);
    lines.push('');
  }
  for (const [name, value] of Object.entries(ratios))
    lines.push(`${name.padEnd(width)}  ${value.toFixed(3).padStart(8)}`);
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`;
}

function lineOf({ median, min, max }: Result, most: number): string {
  const figures = [median, min, max].map((value) => value.toFixed(3).padStart(8)).join('');
  const filled = most > 0 ? Math.round((median / most) * BAR) : 0;
  return `${figures}  ${'█'.repeat(filled).padEnd(BAR)}`;
}
