import pc from 'picocolors';

/**
 * Colours on a terminal only: in a file, a pipe or a log of continuous integration they are noise. NO_COLOR turns them off
 * (no-color.org), FORCE_COLOR on wherever the output goes, and 0 or false there off; of the two FORCE_COLOR wins, as in
 * Node.js itself.
 */
export function wantsColors(isTTY: boolean, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.FORCE_COLOR !== undefined) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return isTTY && !env.NO_COLOR && env.TERM !== 'dumb';
}

export function colorsFor(isTTY: boolean, env: Readonly<Record<string, string | undefined>>) {
  return pc.createColors(wantsColors(isTTY, env));
}

export const colors = colorsFor(process.stdout.isTTY === true, process.env);
