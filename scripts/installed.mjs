// Exit code 0 when node_modules is what package-lock.json asks for, else 1; with --why it says the first difference. Plain
// JavaScript, because it runs before the pinned Node is there, on whatever Node the machine has (18 and up).
import { existsSync, readFileSync } from 'node:fs';

const HIDDEN = 'node_modules/.package-lock.json';
const read = (path) => JSON.parse(readFileSync(path, 'utf8')).packages;

/** npm's hidden lock file says what was really installed; optional packages of other platforms are missing there. */
function difference() {
  if (!existsSync(HIDDEN) || !existsSync('node_modules/.bin/node')) return 'node_modules is missing or unfinished';
  const wanted = read('package-lock.json');
  const present = read(HIDDEN);
  for (const [path, { version, integrity, link, optional }] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const found = present[path];
    if (found === undefined && !optional) return `${path} is missing`;
    if (found && !link && (found.version !== version || found.integrity !== integrity))
      return `${path} is not ${version}`;
  }
  const extra = Object.keys(present).find((path) => !(path in wanted));
  return extra && `${extra} is not in package-lock.json`;
}

const found = difference();
if (found && process.argv.includes('--why')) console.error(found);
process.exit(found ? 1 : 0);
