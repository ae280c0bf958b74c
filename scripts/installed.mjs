// Exit code 0 when node_modules is what package-lock.json asks for. Plain JavaScript, because it runs before the pinned
// Node is there, on whatever Node the machine has (18 and up).
import { existsSync, readFileSync } from 'node:fs';

const read = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** npm's hidden lock file says what was really installed; optional packages of other platforms are missing there. */
function isCurrent() {
  if (!existsSync('node_modules/.package-lock.json') || !existsSync('node_modules/.bin/node')) return false;
  const wanted = read('package-lock.json');
  const present = read('node_modules/.package-lock.json');
  return (
    Object.entries(wanted).every(
      ([path, { version, integrity, link, optional }]) =>
        !path.includes('node_modules/') ||
        (present[path]
          ? link || (present[path].version === version && present[path].integrity === integrity)
          : optional),
    ) && Object.keys(present).every((path) => path in wanted)
  );
}

process.exit(isCurrent() ? 0 : 1);
