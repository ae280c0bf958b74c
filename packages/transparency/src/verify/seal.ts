import { sha256 } from '@sumveil/wire';
import { ROOT_FILE } from '../bundle/layout.ts';
import type { Seal } from './evidence.ts';
import { fail, must } from './result.ts';

/** Class 11: the zip holds exactly the subjects, with exactly these bytes. */
export function checkDigests(evidence: Seal): string {
  const subjects = evidence.statement.subject;
  const named = new Set(subjects.map((s) => s.name));
  must(named.size === subjects.length, 'a file is named twice in the statement');
  for (const name of evidence.files.keys())
    must(name === ROOT_FILE || named.has(name), `${name} is not in the statement`);
  for (const { name, digest } of subjects) {
    const bytes = evidence.files.get(name) ?? fail(`${name} is in the statement but not in the bundle`);
    must(sha256(bytes).toString('hex') === digest.sha256, `${name} has another digest than the statement says`);
  }
  return `${subjects.length} files match the statement`;
}
