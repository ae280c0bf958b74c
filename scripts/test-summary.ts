import { existsSync, readFileSync } from 'node:fs';

/** The part of vitest's JSON report (Jest's format) that the last line is made of. */
interface Report {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[];
}

/** A file that could not even be loaded has no assertions; it counts as one failure, or it would count as none. */
export function summary(report: Report): { line: string; ok: boolean } {
  const unloaded = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0);
  const failed = report.numFailedTests + unloaded.length;
  const skipped = report.numPendingTests + report.numTodoTests;
  const line = `${report.numPassedTests} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
  return { line, ok: failed === 0 && report.numPassedTests > 0 };
}

if (import.meta.main) {
  const path = process.argv[2] ?? '.sumveil/test-report.json';
  if (existsSync(path)) {
    const { line, ok } = summary(JSON.parse(readFileSync(path, 'utf8')) as Report);
    console.log(line);
    process.exitCode = ok ? 0 : 1;
  } else {
    console.log('0 passed, 0 failed');
    console.error(`The test runner wrote no report to ${path}: it stopped before any test. Its output above says why.`);
    process.exitCode = 1;
  }
}
