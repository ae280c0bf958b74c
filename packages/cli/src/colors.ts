import pc from 'picocolors';

/** Colours on a terminal only: in a file, a pipe or a log of continuous integration they are noise. NO_COLOR turns them off. */
export const colors = pc.createColors(process.stdout.isTTY === true && !process.env.NO_COLOR);
